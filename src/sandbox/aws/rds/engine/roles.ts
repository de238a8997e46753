/** Roles and databases of a new instance. */
import pg from 'pg';
import type { NewServerSpec } from './port.ts';

/** Predefined roles that reach out of the database to the machine; RDS keeps them. */
const KEPT_BACK: readonly string[] = [
  'pg_execute_server_program',
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_database_owner',
];

export interface MasterRights {
  /** Also lets it make roles with BYPASSRLS (from 16 on). The documented master of RDS has it not. */
  readonly bypassRls: boolean;
}

/**
 * SQL for `rdsadmin`, once, in database postgres. The master user is as RDS documents it: no superuser, CREATEROLE,
 * CREATEDB, member of rds_superuser. REPLICATION stands for membership in rds_replication, which RDS' own build asks for.
 */
export function bootstrapSql(spec: NewServerSpec, password: string, { bypassRls }: MasterRights): string[] {
  const master = pg.escapeIdentifier(spec.masterUsername);
  return [
    'CREATE ROLE rds_superuser NOLOGIN',
    'CREATE ROLE rds_replication NOLOGIN',
    'CREATE ROLE rds_password NOLOGIN',
    `CREATE ROLE rdsrepladmin LOGIN REPLICATION NOSUPERUSER PASSWORD ${pg.escapeLiteral(password)}`,
    `DO $$ DECLARE given text; BEGIN FOR given IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'pg\\_%' AND rolname <> ALL (${textArray(KEPT_BACK)})
     LOOP EXECUTE format('GRANT %I TO rds_superuser WITH ADMIN OPTION', given); END LOOP; END $$`,
    'GRANT rds_replication, rds_password TO rds_superuser WITH ADMIN OPTION',
    `CREATE ROLE ${master} LOGIN CREATEROLE CREATEDB REPLICATION ${bypassRls ? 'BYPASSRLS' : 'NOBYPASSRLS'}
     PASSWORD ${pg.escapeLiteral(spec.masterPassword)} VALID UNTIL 'infinity' IN ROLE rds_superuser`,
    `ALTER DATABASE postgres OWNER TO ${master}`,
    ...(spec.databaseName && spec.databaseName !== 'postgres'
      ? [`CREATE DATABASE ${pg.escapeIdentifier(spec.databaseName)} OWNER ${master}`]
      : []),
  ];
}

function textArray(values: readonly string[]): string {
  return `ARRAY[${values.map((value) => pg.escapeLiteral(value)).join(', ')}]`;
}
