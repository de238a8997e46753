import type { AwsClients } from '../../clients/aws/port.ts';
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import { CodedError } from '../../errors/coded-error.ts';
import type { RestoreSuite } from '../../restore-suite/port.ts';

export interface DatabaseActivityDeps {
  readonly aws: AwsClients;
  readonly suite: RestoreSuite;
  /** For `k8s:` references to connections. */
  readonly kubernetes: KubernetesClients;
}

/** URL of the source, with the plan's database in it. A secret, in no message and no history. */
export async function sourceUrl(
  { aws, kubernetes }: Pick<DatabaseActivityDeps, 'aws' | 'kubernetes'>,
  plan: DatabasePlan,
  signal?: AbortSignal,
): Promise<URL> {
  const { connection, cluster, databaseName } = plan;
  const sources = {
    awsSecrets: aws.secrets,
    ...(connection.startsWith('k8s:') && { kubernetes: kubernetes(cluster ?? {}) }),
  };
  const text = await resolveSecret(connection, sources, signal);
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new CodedError('InvalidInput', `secret ${connection}: expected a postgres:// URL, found another text`);
  }
  const url = new URL(text);
  url.pathname = `/${encodeURIComponent(databaseName)}`;
  return url;
}
