import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../json.ts";
import { detectorOf, type Rule } from "../testing/pipeline.ts";
import { readyPipeline, readyPipelines } from "./ready-pipelines.ts";

describe("ready pipelines", () => {
  const firesOn = (name: string, rule: Rule, event: JsonObject): boolean => {
    const pipeline = readyPipeline(name);
    assert.ok(pipeline !== null);
    return detectorOf([rule], [pipeline]).ruleSet.evaluate(event).length > 0;
  };

  test("C09 every ready pipeline can be read, by its name", () => {
    for (const name of readyPipelines.keys()) assert.equal(readyPipeline(name)?.name, name);
    assert.equal(readyPipeline("toString"), null);
  });

  test("C09 Windows: a process is created by Sysmon's word or by Windows' own", () => {
    const rule: Rule = {
      source: "{product: windows, category: process_creation}",
      detection: "{sel: {Image|endswith: whoami.exe}, condition: sel}",
    };
    const event = (channel: string, id: number, data: JsonObject): JsonObject => ({
      Event: { System: { Channel: channel, EventID: id }, EventData: data },
    });
    const sysmon = "Microsoft-Windows-Sysmon/Operational";
    const path = "C:\\Windows\\System32\\whoami.exe";
    assert.ok(firesOn("windows", rule, event(sysmon, 1, { Image: path })));
    assert.ok(firesOn("windows", rule, event("Security", 4688, { NewProcessName: path })));
    assert.ok(!firesOn("windows", rule, event(sysmon, 5, { Image: path })), "its end is not its creation");
    assert.ok(!firesOn("windows", rule, event("Security", 1, { Image: path })));
    const texted = { Event: { System: { Channel: sysmon, EventID: { "#text": 1 } }, EventData: { Image: path } } };
    assert.ok(firesOn("windows", rule, texted), "an event number with attributes");
  });

  test("C09 CloudTrail: no error code is success", () => {
    const rule: Rule = {
      source: "{product: aws, service: cloudtrail}",
      detection: "{sel: {eventName: DeleteSAMLProvider, status: success}, condition: sel}",
    };
    assert.ok(firesOn("aws_cloudtrail", rule, { eventName: "DeleteSAMLProvider" }));
    assert.ok(!firesOn("aws_cloudtrail", rule, { eventName: "DeleteSAMLProvider", errorCode: "AccessDenied" }));
  });

  test("C09 Okta: rules in lower case find Okta's own names", () => {
    const rule: Rule = {
      detection: "{sel: {eventtype: user.session.start, securitycontext.isproxy: true}, condition: sel}",
    };
    assert.ok(firesOn("okta", rule, { eventType: "user.session.start", securityContext: { isProxy: true } }));
    assert.ok(!firesOn("okta", rule, { eventType: "user.session.start", securityContext: { isProxy: false } }));
  });

  test("C09 GitHub: the audit log's names are the rules' own", () => {
    const rule: Rule = {
      source: "{product: github, service: audit}",
      detection: "{sel: {action: org.add_outside_collaborator}, condition: sel}",
    };
    assert.ok(firesOn("github_audit", rule, { action: "org.add_outside_collaborator", "@timestamp": 1 }));
    assert.ok(!firesOn("github_audit", rule, { action: "org.remove_member" }));
  });

  test("C09 Kubernetes: what a pod asks for, once a request", () => {
    const rule: Rule = {
      source: "{product: kubernetes, service: audit}",
      detection: "{sel: {verb: create, objectRef.resource: pods, capabilities: '*'}, condition: sel}",
    };
    const event = (stage: string, securityContext: JsonObject): JsonObject => ({
      stage,
      verb: "create",
      objectRef: { resource: "pods" },
      requestObject: { spec: { containers: [{ name: "a" }, { name: "b", securityContext }] } },
    });
    const capable = { capabilities: { add: ["SYS_ADMIN"] } };
    assert.ok(firesOn("kubernetes_audit", rule, event("ResponseComplete", capable)));
    assert.ok(!firesOn("kubernetes_audit", rule, event("RequestReceived", capable)));
    assert.ok(!firesOn("kubernetes_audit", rule, event("ResponseComplete", {})));
  });
});
