/** The connection of a child process: by its environment alone, so that no password stands on a command line. */
import { placeOf } from '../postgres/pool.ts';

/** Parameters of a URL that libpq knows as variables. */
const VARIABLES: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  options: 'PGOPTIONS',
  channel_binding: 'PGCHANNELBINDING',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
};

/**
 * Variables of libpq for a postgres:// URL. Nothing of our own environment but PATH goes to the child: another
 * PGDATABASE or a ~/.pgpass must not lead it elsewhere. Throws InvalidInput for a text that is no URL.
 */
export function connectionEnvironment(url: string, applicationName: string): Readonly<Record<string, string>> {
  placeOf(url);
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const user = decodeURIComponent(username);
  const given = [...searchParams].flatMap(([name, value]) => {
    const variable = VARIABLES[name];
    // What the driver calls no-verify is `require` for libpq: encrypted, the certificate not looked at.
    return variable === undefined ? [] : [[variable, value === 'no-verify' ? 'require' : value] as const];
  });
  return {
    ...(process.env.PATH === undefined ? {} : { PATH: process.env.PATH }),
    LC_ALL: 'C',
    PGHOST: hostname === '' ? 'localhost' : decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1'),
    PGPORT: port === '' ? '5432' : port,
    PGDATABASE: decodeURIComponent(pathname.replace(/^\//, '')) || user,
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: '10',
    PGPASSFILE: '/dev/null',
    ...(user === '' ? {} : { PGUSER: user }),
    ...(password === '' ? {} : { PGPASSWORD: decodeURIComponent(password) }),
    ...Object.fromEntries(given),
  };
}
