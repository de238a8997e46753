/** Functions, types, extensions and what else holds code or belongs to the whole database. */
import { VERIFY_SCHEMA, isUserSchema } from '../names.ts';

/** What an extension brings is told by its version. */
const notOfExtension = (catalog: string, oid: string): string =>
  `not exists (select 1 from pg_depend x where x.classid = '${catalog}'::regclass and x.objid = ${oid} and x.deptype = 'e')`;
const SCHEMA = (column: string): string => `join pg_namespace n on n.oid = ${column} and ${isUserSchema('n.nspname')}`;

export const CODE_QUERIES: Readonly<Record<string, string>> = {
  function: `select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name,
      concat_ws('; ', 'owner ' || pg_get_userbyid(p.proowner), 'kind ' || p.prokind::text, 'md5 ' || md5(case
        when p.prokind <> 'a' then pg_get_functiondef(p.oid)
        else (select concat_ws(',', aggtransfn, aggfinalfn, aggcombinefn, aggtranstype::regtype, agginitval, aggsortop::regoper)
              from pg_aggregate where aggfnoid = p.oid) end)) as definition
    from pg_proc p ${SCHEMA('p.pronamespace')} where ${notOfExtension('pg_proc', 'p.oid')}`,

  type: `select format('%I.%I', n.nspname, t.typname) as name, concat_ws('; ', 'owner ' || pg_get_userbyid(t.typowner),
      'labels ' || (select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder)
                    from pg_enum e where e.enumtypid = t.oid),
      case when t.typtype = 'd' then concat_ws(' ', 'domain over', format_type(t.typbasetype, t.typtypmod),
        case when t.typnotnull then 'not null' end, 'default ' || t.typdefault) end,
      'range of ' || (select r.rngsubtype::regtype::text from pg_range r where r.rngtypid = t.oid)) as definition
    from pg_type t ${SCHEMA('t.typnamespace')}
    where t.typtype in ('e', 'd', 'r') and ${notOfExtension('pg_type', 't.oid')}`,

  extension: `select quote_ident(e.extname) as name, concat_ws('; ', 'version ' || e.extversion,
      'schema ' || n.nspname) as definition
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where n.nspname <> '${VERIFY_SCHEMA}'`,

  collation: `select format('%I.%I', n.nspname, l.collname) as name, concat_ws('; ', 'provider ' || l.collprovider::text,
      'collate ' || l.collcollate, 'ctype ' || l.collctype,
      'locale ' || coalesce(to_jsonb(l) ->> 'colllocale', to_jsonb(l) ->> 'colliculocale'),
      case when l.collisdeterministic then 'deterministic' else 'not deterministic' end, 'version ' || l.collversion) as definition
    from pg_collation l ${SCHEMA('l.collnamespace')}`,

  operator: `select format('%I.%s(%s,%s)', n.nspname, o.oprname, o.oprleft::regtype, o.oprright::regtype) as name,
      'function ' || o.oprcode::regproc as definition
    from pg_operator o ${SCHEMA('o.oprnamespace')} where ${notOfExtension('pg_operator', 'o.oid')}`,

  cast: `select format('%s to %s', k.castsource::regtype, k.casttarget::regtype) as name,
      concat_ws('; ', 'context ' || k.castcontext::text, 'method ' || k.castmethod::text, 'function ' || k.castfunc::regproc) as definition
    from pg_cast k where k.oid >= 16384 and ${notOfExtension('pg_cast', 'k.oid')}`,

  eventTrigger: `select quote_ident(t.evtname) as name, concat_ws('; ', t.evtevent, 'function ' || t.evtfoid::regproc,
      'enabled ' || t.evtenabled::text, 'tags ' || array_to_string(t.evttags, ',')) as definition
    from pg_event_trigger t where ${notOfExtension('pg_event_trigger', 't.oid')}`,

  publication: `select quote_ident(p.pubname) as name, concat_ws('; ',
      (to_jsonb(p) - 'oid' - 'pubowner' - 'pubname')::text,
      'tables ' || (select string_agg(r.prrelid::regclass::text, ',' order by r.prrelid::regclass::text)
                    from pg_publication_rel r where r.prpubid = p.oid)) as definition
    from pg_publication p`,

  // Not whether it is enabled, nor its slot: the copy is disarmed.
  subscription: `select quote_ident(s.subname) as name, 'publications ' || array_to_string(s.subpublications, ',') as definition
    from pg_subscription s where s.subdbid = (select oid from pg_database where datname = current_database())`,

  server: `select quote_ident(s.srvname) as name, concat_ws('; ', 'wrapper ' || w.fdwname,
      'owner ' || pg_get_userbyid(s.srvowner), 'options md5 ' || md5(array_to_string(s.srvoptions, ','))) as definition
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw`,

  database: `select 'this' as name, concat_ws('; ', 'encoding ' || pg_encoding_to_char(d.encoding),
      'collate ' || d.datcollate, 'ctype ' || d.datctype, 'provider ' || (to_jsonb(d) ->> 'datlocprovider'),
      'locale ' || coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
      'collation version ' || (to_jsonb(d) ->> 'datcollversion'), 'owner ' || pg_get_userbyid(d.datdba),
      'connections ' || d.datconnlimit) as definition
    from pg_database d where d.datname = current_database()`,
};
