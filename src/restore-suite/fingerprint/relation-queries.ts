/** Relations, columns, constraints, indexes, triggers, policies as rows (name, definition); parts are joined by `; `. */
import { isUserSchema } from '../names.ts';

/** The row of pg_class, its schema, and its name as SQL writes it. */
const RELATIONS = `pg_class c join pg_namespace n on n.oid = c.relnamespace and ${isUserSchema('n.nspname')}`;
const NAME = `format('%I.%I', n.nspname, c.relname)`;
const PERMANENT = `c.relpersistence <> 't'`;

export const RELATION_QUERIES: Readonly<Record<string, string>> = {
  schema: `select quote_ident(n.nspname) as name, 'owner ' || pg_get_userbyid(n.nspowner) as definition
    from pg_namespace n where ${isUserSchema('n.nspname')}`,

  relation: `select ${NAME} as name, concat_ws('; ',
      'kind ' || c.relkind::text, 'persistence ' || c.relpersistence::text, 'owner ' || pg_get_userbyid(c.relowner),
      case when c.relrowsecurity then 'row security' end, case when c.relforcerowsecurity then 'row security forced' end,
      'replica identity ' || c.relreplident::text, 'access method ' || am.amname, 'tablespace ' || ts.spcname,
      'options ' || array_to_string(c.reloptions, ','),
      'partitioned by ' || pg_get_partkeydef(c.oid), 'bound ' || pg_get_expr(c.relpartbound, c.oid),
      'child of ' || (select string_agg(i.inhparent::regclass::text, ',' order by i.inhseqno)
                      from pg_inherits i where i.inhrelid = c.oid),
      case when c.relkind in ('v', 'm') then 'query ' || md5(pg_get_viewdef(c.oid)) end) as definition
    from ${RELATIONS} left join pg_am am on am.oid = c.relam left join pg_tablespace ts on ts.oid = c.reltablespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and ${PERMANENT}`,

  column: `select format('%s.%I', ${NAME}, a.attname) as name, concat_ws('; ',
      'place ' || row_number() over (partition by a.attrelid order by a.attnum),
      format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
      case when d.oid is not null then 'default ' || pg_get_expr(d.adbin, d.adrelid) end,
      'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''),
      'collation ' || (select format('%I.%I', cn.nspname, co.collname) from pg_collation co
        join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation),
      'storage ' || a.attstorage::text, 'options ' || array_to_string(a.attoptions, ',')) as definition
    from ${RELATIONS} join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${PERMANENT}`,

  constraint: `select format('%s.%I', case when k.conrelid <> 0 then k.conrelid::regclass::text
        else k.contypid::regtype::text end, k.conname) as name,
      concat_ws('; ', pg_get_constraintdef(k.oid), case when k.convalidated then 'validated' else 'not validated' end,
        case when k.condeferrable then 'deferrable' end, case when k.condeferred then 'deferred' end) as definition
    from pg_constraint k join pg_namespace n on n.oid = k.connamespace and ${isUserSchema('n.nspname')}`,

  index: `select ${NAME} as name, concat_ws('; ', pg_get_indexdef(i.indexrelid),
      case when i.indisvalid then 'valid' else 'invalid' end, case when i.indisready then 'ready' else 'not ready' end,
      case when i.indislive then 'live' else 'not live' end, case when i.indisprimary then 'primary' end,
      case when i.indisclustered then 'clustered' end, case when i.indisreplident then 'replica identity' end,
      'options ' || array_to_string(c.reloptions, ',')) as definition
    from ${RELATIONS} join pg_index i on i.indexrelid = c.oid where ${PERMANENT}`,

  trigger: `select case when t.tgisinternal
        then format('%s.%s on %s', k.conrelid::regclass, quote_ident(k.conname) || ' ' || p.proname, ${NAME})
        else format('%s.%I', ${NAME}, t.tgname) end as name,
      concat_ws('; ', case when not t.tgisinternal then pg_get_triggerdef(t.oid) else 'of a constraint' end,
        case t.tgenabled when 'O' then 'enabled' when 'D' then 'disabled' when 'A' then 'always' else 'on replicas' end) as definition
    from ${RELATIONS} join pg_trigger t on t.tgrelid = c.oid join pg_proc p on p.oid = t.tgfoid
      left join pg_constraint k on k.oid = t.tgconstraint`,

  rule: `select format('%s.%I', ${NAME}, r.rulename) as name,
      concat_ws('; ', pg_get_ruledef(r.oid), 'enabled ' || r.ev_enabled::text) as definition
    from ${RELATIONS} join pg_rewrite r on r.ev_class = c.oid where r.rulename <> '_RETURN'`,

  policy: `select format('%s.%I', ${NAME}, p.polname) as name, concat_ws('; ',
      case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end,
      case when p.polpermissive then 'permissive' else 'restrictive' end,
      'to ' || (select string_agg(case when r = 0 then 'public' else pg_get_userbyid(r)::text end, ',' order by r)
                from unnest(p.polroles) r),
      'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid)) as definition
    from ${RELATIONS} join pg_policy p on p.polrelid = c.oid`,

  sequence: `select ${NAME} as name, concat_ws('; ', s.seqtypid::regtype::text, 'start ' || s.seqstart,
      'increment ' || s.seqincrement, 'min ' || s.seqmin, 'max ' || s.seqmax, 'cache ' || s.seqcache,
      case when s.seqcycle then 'cycle' end) as definition
    from ${RELATIONS} join pg_sequence s on s.seqrelid = c.oid where ${PERMANENT}`,

  extendedStatistics: `select format('%I.%I', n.nspname, s.stxname) as name, pg_get_statisticsobjdef(s.oid) as definition
    from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace and ${isUserSchema('n.nspname')}`,
};
