// Runs the engine of sigma-go, unchanged, over a file of rules and a file of events (one JSON object a line).
//
//	sigma-go-peer check RULES                                    the ids of the rules that it reads, one a line
//	sigma-go-peer bench RULES EVENTS [--warm=SECONDS] [--rounds=N] [--found=FILE]
//	                                                             seconds a round from bytes to results, and what they were
//
// It is given the best that it has: the rules of one log source as one bundle, chosen by the event's ls_product, ls_category and ls_service.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bradleyjkemp/sigma-go"
	"github.com/bradleyjkemp/sigma-go/evaluator"
)

func main() {
	texts := strings.Split(string(read(os.Args[2])), "\n---\n")
	rules := make([]sigma.Rule, 0, len(texts))
	for _, text := range texts {
		rule, err := sigma.ParseRule([]byte(text))
		if err != nil {
			continue
		}
		rules = append(rules, rule)
	}
	if os.Args[1] == "check" {
		for _, rule := range rules {
			fmt.Println(rule.ID)
		}
		return
	}
	bench(rules, bytes.Split(bytes.TrimSuffix(read(os.Args[3]), []byte("\n")), []byte("\n")))
}

func bench(rules []sigma.Rule, lines [][]byte) {
	engine := &engine{rules: rules, bundles: map[string]evaluator.RuleEvaluatorBundle{}}
	warm, _ := strconv.ParseFloat(option("warm", "0"), 64)
	rounds, _ := strconv.Atoi(option("rounds", "1"))
	for started := time.Now(); time.Since(started).Seconds() < warm; {
		engine.round(lines)
	}
	for ; rounds > 0; rounds-- {
		report := engine.round(lines)
		if file := option("found", ""); file != "" {
			must(os.WriteFile(file, []byte(report.found), 0o644))
		}
		out, err := json.Marshal(report)
		must(err)
		fmt.Println(string(out))
	}
}

type engine struct {
	rules   []sigma.Rule
	bundles map[string]evaluator.RuleEvaluatorBundle
}

type report struct {
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"`
	Events     int     `json:"events"`
	Matches    int     `json:"matches"`
	P99us      float64 `json:"p99us"`
	Groups     int     `json:"groups"`
	PeakMib    float64 `json:"peakMib"`
	found      string
}

// From the bytes of the events to results: each line is parsed, evaluated, and the ids of what it matched are written down.
func (e *engine) round(lines [][]byte) report {
	var found strings.Builder
	micros := make([]float64, 0, len(lines))
	matches := 0
	started, cpuStarted := time.Now(), cpuSeconds()
	last := started
	for _, line := range lines {
		event := map[string]interface{}{}
		must(json.Unmarshal(line, &event))
		results, err := e.bundleOf(event).Matches(context.Background(), event)
		must(err)
		for _, result := range results {
			if result.Match {
				matches++
				found.WriteString(result.Rule.ID + " ")
			}
		}
		found.WriteByte('\n')
		now := time.Now()
		micros = append(micros, float64(now.Sub(last).Nanoseconds())/1000)
		last = now
	}
	seconds, cpu := time.Since(started).Seconds(), cpuSeconds()-cpuStarted
	sort.Float64s(micros)
	p99 := micros[min(len(micros)*99/100, len(micros)-1)]
	return report{seconds, cpu, len(lines), matches, p99, 0, peakMib(), found.String()}
}

func (e *engine) bundleOf(event map[string]interface{}) evaluator.RuleEvaluatorBundle {
	product, category, service := text(event["ls_product"]), text(event["ls_category"]), text(event["ls_service"])
	route := product + "/" + category + "/" + service
	if bundle, known := e.bundles[route]; known {
		return bundle
	}
	chosen := []sigma.Rule{}
	for _, rule := range e.rules {
		source := rule.Logsource
		if fits(source.Product, product) && fits(source.Category, category) && fits(source.Service, service) {
			chosen = append(chosen, rule)
		}
	}
	e.bundles[route] = evaluator.ForRules(chosen)
	return e.bundles[route]
}

func fits(wanted, given string) bool { return wanted == "" || strings.EqualFold(wanted, given) }

func text(value interface{}) string {
	written, _ := value.(string)
	return written
}

// What all threads of the process have had of a processor.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// The most memory that the process ever held; 0 where the system does not say.
func peakMib() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if rest, isIt := strings.CutPrefix(line, "VmHWM:"); isIt {
			kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(rest, " kB")), 64)
			return kib / 1024
		}
	}
	return 0
}

func option(name, standard string) string {
	for _, arg := range os.Args {
		if value, isIt := strings.CutPrefix(arg, "--"+name+"="); isIt {
			return value
		}
	}
	return standard
}

func read(file string) []byte {
	content, err := os.ReadFile(file)
	must(err)
	return content
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
