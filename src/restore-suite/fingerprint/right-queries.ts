/** Roles and rights. One row for each object, grantee and grantor. */
import { VERIFIER_ROLE, isUserRole, isUserSchema } from '../names.ts';

const SCHEMA = (column: string): string => `join pg_namespace n on n.oid = ${column} and ${isUserSchema('n.nspname')}`;

/** Rights on objects: `from` yields `object` (as text), `owner`, `acl` (null: the default of `kind`). */
function grantsOn(from: string, kind: string): string {
  return `select format('on %s to %s by %s', o.object, ${roleName('g.grantee')}, ${roleName('g.grantor')}) as name,
      string_agg(g.privilege_type || case when g.is_grantable then ' grantable' else '' end, ', '
        order by g.privilege_type) as definition
    from (${from}) o cross join lateral aclexplode(coalesce(o.acl, acldefault(${kind}, o.owner))) g
    where ${roleName('g.grantee')} !~ '^rds' and ${roleName('g.grantee')} <> '${VERIFIER_ROLE}'
    group by 1`;
}

function roleName(oid: string): string {
  return `(case when ${oid} = 0 then 'PUBLIC' else pg_get_userbyid(${oid})::text end)`;
}

export const RIGHT_QUERIES: Readonly<Record<string, readonly string[]>> = {
  grant: [
    grantsOn(
      `select case when c.relkind = 'S' then 'sequence ' else 'table ' end || format('%I.%I', n.nspname, c.relname) as object,
        c.relowner as owner, c.relacl as acl, c.relkind
      from pg_class c ${SCHEMA('c.relnamespace')} where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't'`,
      `case when o.relkind = 'S' then 's' else 'r' end::"char"`,
    ),
    // A column without rights of its own has none: not a default.
    grantsOn(
      `select format('column %I.%I.%I', n.nspname, c.relname, a.attname) as object, c.relowner as owner, a.attacl as acl
      from pg_attribute a join pg_class c on c.oid = a.attrelid ${SCHEMA('c.relnamespace')}
      where a.attacl is not null and not a.attisdropped`,
      `'c'::"char"`,
    ),
    grantsOn(
      `select format('schema %I', n.nspname) as object, n.nspowner as owner, n.nspacl as acl
      from pg_namespace n where ${isUserSchema('n.nspname')}`,
      `'n'::"char"`,
    ),
    grantsOn(
      `select format('function %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as object,
        p.proowner as owner, p.proacl as acl from pg_proc p ${SCHEMA('p.pronamespace')}`,
      `'f'::"char"`,
    ),
    grantsOn(
      `select format('type %I.%I', n.nspname, t.typname) as object, t.typowner as owner, t.typacl as acl
      from pg_type t ${SCHEMA('t.typnamespace')} where t.typacl is not null`,
      `'T'::"char"`,
    ),
    grantsOn(
      `select 'this database' as object, d.datdba as owner, d.datacl as acl
      from pg_database d where d.datname = current_database()`,
      `'d'::"char"`,
    ),
    grantsOn(
      `select format('language %I', l.lanname) as object, l.lanowner as owner, l.lanacl as acl
      from pg_language l where l.lanacl is not null`,
      `'l'::"char"`,
    ),
    grantsOn(
      `select format('server %I', s.srvname) as object, s.srvowner as owner, s.srvacl as acl from pg_foreign_server s`,
      `'S'::"char"`,
    ),
  ],

  defaultGrant: [
    `select format('of %s in %s on %s to %s', pg_get_userbyid(d.defaclrole), coalesce(quote_ident(n.nspname), 'any schema'),
        d.defaclobjtype, ${roleName('g.grantee')}) as name,
      string_agg(g.privilege_type || case when g.is_grantable then ' grantable' else '' end, ', '
        order by g.privilege_type) as definition
    from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
      cross join lateral aclexplode(d.defaclacl) g
    where ${roleName('g.grantee')} <> '${VERIFIER_ROLE}' group by 1`,
  ],

  role: [
    `select quote_ident(r.rolname) as name, concat_ws('; ', case when r.rolsuper then 'superuser' end,
      case when r.rolinherit then 'inherits' end, case when r.rolcreaterole then 'creates roles' end,
      case when r.rolcreatedb then 'creates databases' end, case when r.rolcanlogin then 'may log in' end,
      case when r.rolreplication then 'replicates' end, case when r.rolbypassrls then 'bypasses row security' end,
      'connections ' || r.rolconnlimit, 'until ' || r.rolvaliduntil) as definition
    from pg_roles r where ${isUserRole('r.rolname')}`,
  ],

  membership: [
    `select format('%I in %I', m.rolname, r.rolname) as name, concat_ws('; ',
      case when a.admin_option then 'may grant it' end, 'inherit ' || (to_jsonb(a) ->> 'inherit_option'),
      'set ' || (to_jsonb(a) ->> 'set_option')) as definition
    from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
    where ${isUserRole('m.rolname')} and r.rolname <> '${VERIFIER_ROLE}' and r.rolname !~ '^rds'`,
  ],

  setting: [
    `select concat_ws(' ', case when s.setrole <> 0 then 'of ' || pg_get_userbyid(s.setrole)::text else 'of everybody' end,
        case when s.setdatabase <> 0 then 'here' end) as name,
      array_to_string(array(select unnest(s.setconfig) order by 1), '; ') as definition
    from pg_db_role_setting s
    where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and (s.setrole = 0 or ${isUserRole('pg_get_userbyid(s.setrole)::text')})`,
  ],
};
