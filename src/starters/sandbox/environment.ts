/** What a shell has to know to deploy into the sandbox: the variables of the example company's catalogue, and no others. */
import { fileURLToPath } from 'node:url';
import { quote } from '../../core/status/possible-actions.ts';
import { awsEnvironment } from '../../sandbox/aws/aws-environment.ts';
import type { RunningStatus } from '../../sandbox/status.ts';

const EXAMPLE_CATALOGUE = fileURLToPath(new URL('../../../examples/crm/mainstay.yaml', import.meta.url));

type Addresses = Pick<RunningStatus, 'kubeconfig' | 'registry' | 'routerAdmin' | 'prometheus' | 'database' | 'aws'>;

/** Values by the name of the variable. Where Temporal is does not belong to the sandbox. */
export function sandboxEnvironment(running: Addresses): Readonly<Record<string, string>> {
  return {
    KUBECONFIG: running.kubeconfig,
    MAINSTAY_CONFIG: EXAMPLE_CATALOGUE,
    MAINSTAY_REGISTRY: running.registry,
    MAINSTAY_SANDBOX_ROUTER_ADMIN: running.routerAdmin,
    ...(running.prometheus === undefined ? {} : { MAINSTAY_SANDBOX_PROMETHEUS: running.prometheus }),
    // For a person's psql; the catalogue names the Secret that holds it.
    ...(running.database === undefined ? {} : { MAINSTAY_SANDBOX_DATABASE_URL: running.database }),
    ...(running.aws === undefined ? {} : awsEnvironment(running.aws.url, running.aws.region)),
  };
}

/** Lines for `eval` in a POSIX shell. */
export function envLines(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
}
