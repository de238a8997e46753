/**
 * Extensions that RDS lets `rds_superuser` install although they are not trusted in Postgres itself. What they make
 * belongs to `rdsadmin`, and `rds_superuser` may use it and pass it on.
 */
export const TRUSTED_EXTENSIONS: readonly string[] = [
  'amcheck',
  'bloom',
  'dblink',
  'pg_buffercache',
  'pg_freespacemap',
  'pg_prewarm',
  'pg_stat_statements',
  'pg_visibility',
  'pg_walinspect',
  'pgrowlocks',
  'pgstattuple',
  'postgres_fdw',
  'sslinfo',
];

/** SQL at the end of the installing script; undefined where an ordinary user may use everything. */
export function grantsOf(extension: string): string | undefined {
  if (extension === 'bloom') return undefined;
  return `DO $grants$
DECLARE made record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_superuser') THEN RETURN; END IF;
  FOR made IN SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.extname = '${extension}' AND d.deptype = 'e'
  LOOP
    IF made.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass THEN
      EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO rds_superuser WITH GRANT OPTION', made.objid::pg_catalog.regprocedure);
    ELSIF made.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass THEN
      EXECUTE pg_catalog.format('GRANT USAGE ON FOREIGN DATA WRAPPER %I TO rds_superuser WITH GRANT OPTION',
        (SELECT fdwname FROM pg_catalog.pg_foreign_data_wrapper WHERE oid = made.objid));
    END IF;
  END LOOP;
END
$grants$;`;
}
