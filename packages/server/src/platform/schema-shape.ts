import { CompiledQuery, sql, type Kysely, type Transaction } from "kysely";

/** What a schema is made of, as sorted lines of which none names the schema: two schemas with the same lines behave the same. */
export async function shapeOf<S>(tx: Transaction<S>, schema: string): Promise<readonly string[]> {
  // Expressions are printed without the schema where it is the first to be looked in.
  await sql`select set_config('search_path', quote_ident(${schema}), true)`.execute(tx);
  const { rows } = await sql<{ line: string }>`
    with tables as (select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${schema} and c.relkind in ('r', 'p', 'v', 'S') and c.relname <> 'migration')
    select replace(line, ${schema} || '.', '') as line from (
      select format('column %s.%s %s %s %s %s%s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated) as line
      from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum where t.relkind <> 'S'
      union all select format('constraint %s.%s %s', t.relname, k.conname, pg_get_constraintdef(k.oid))
      from tables t join pg_constraint k on k.conrelid = t.oid
      union all select format('index %s', pg_get_indexdef(i.indexrelid)) from tables t join pg_index i on i.indrelid = t.oid
      union all select format('walls %s %s %s', t.relname, t.relrowsecurity, t.relforcerowsecurity) from tables t
      union all select format('policy %s.%s %s %s %s %s %s', t.relname, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[],
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
      from tables t join pg_policy p on p.polrelid = t.oid
      union all select format('trigger %s', pg_get_triggerdef(g.oid)) from tables t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
      union all select format('grant %s %s %s', t.relname, g.grantee::regrole, g.privilege_type)
      from tables t cross join lateral aclexplode(t.relacl) g where g.grantee <> t.relowner
      union all select format('function %s(%s) %s %s %s %s', f.proname, pg_get_function_identity_arguments(f.oid), f.prorettype::regtype,
        f.prosecdef, f.provolatile, f.prosrc)
      from pg_proc f join pg_namespace n on n.oid = f.pronamespace where n.nspname = ${schema}
    ) as lines order by 1`.execute(tx);
  return rows.map(({ line }) => line);
}

class Undone extends Error {
  readonly shape: readonly string[];

  constructor(shape: readonly string[]) {
    super("a schema that was made to be looked at");
    this.shape = shape;
  }
}

const scratch = "tillwatch_shape";

/** What a new database gets of these scripts, in their order. Leaves nothing behind. */
export async function shapeOfNew<S>(db: Kysely<S>, scripts: readonly string[]): Promise<readonly string[]> {
  try {
    await db.transaction().execute(async (tx) => {
      await tx.executeQuery(CompiledQuery.raw(`create schema ${scratch}; set local search_path to ${scratch}`));
      for (const script of scripts) await tx.executeQuery(CompiledQuery.raw(script));
      throw new Undone(await shapeOf(tx, scratch));
    });
  } catch (fault) {
    if (fault instanceof Undone) return fault.shape;
    throw fault;
  }
  throw new Error("a transaction committed that had to be undone");
}
