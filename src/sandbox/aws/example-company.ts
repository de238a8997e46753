/** What the example company has in AWS: its database, what a verification of it needs, and where its backups go. */
import { randomBytes } from 'node:crypto';
import { type SandboxAws, type SandboxAwsOptions, startSandboxAws } from './start-aws.ts';

/** Where the company runs, and where its snapshots are copied to. */
export const EXAMPLE_REGION = 'eu-central-1';
export const EXAMPLE_RECOVERY_REGION = 'eu-west-1';
/** Names that its catalogue uses. */
export const EXAMPLE_DATABASE = {
  instance: 'crm-demo',
  databaseName: 'crm',
  masterUsername: 'crm',
  parameterGroup: 'crm-demo',
  quarantineGroup: 'crm-demo-quarantine',
  subnetGroup: 'crm-demo',
  securityGroup: 'sg-0crmdemo',
  quarantineSecurityGroup: 'sg-0quarantine',
  bucket: 'mainstay-demo-backups',
  archiveBucket: 'mainstay-demo-archive',
} as const;

const PARAMETERS = { max_connections: '60', shared_buffers: '4096', log_min_duration_statement: '1000' } as const;
/** A copy takes no rows from a publisher, and starts no jobs of its source. */
const QUARANTINE = {
  max_logical_replication_workers: '0',
  'cron.launch_active_jobs': 'off',
  'cron.max_running_jobs': '0',
} as const;

export interface ExampleAws {
  readonly aws: SandboxAws;
  /** Of the master user, with the password. */
  readonly databaseUrl: string;
}

/** Starts the endpoint with the company's things in it. What was started is ended again when a later part fails. */
export async function startExampleAws(options: SandboxAwsOptions): Promise<ExampleAws> {
  const { bucket, archiveBucket } = EXAMPLE_DATABASE;
  const buckets = [
    { region: EXAMPLE_REGION, name: bucket },
    { region: EXAMPLE_REGION, name: archiveBucket },
  ];
  const aws = await startSandboxAws({ buckets, ...options });
  try {
    return { aws, databaseUrl: await seedExample(aws) };
  } catch (error) {
    await aws.close();
    throw error;
  }
}

async function seedExample(aws: SandboxAws): Promise<string> {
  const { parameterGroup, quarantineGroup, subnetGroup, securityGroup, instance } = EXAMPLE_DATABASE;
  const major = Math.max(...(await aws.engine.majors()));
  const family = `postgres${major}`;
  for (const region of [EXAMPLE_REGION, EXAMPLE_RECOVERY_REGION]) {
    await aws.seedParameterGroup({ region, name: parameterGroup, family, parameters: PARAMETERS });
    await aws.seedParameterGroup({
      region,
      name: quarantineGroup,
      family,
      parameters: { ...PARAMETERS, ...QUARANTINE },
    });
    aws.seedSubnetGroup({ region, name: subnetGroup, subnetIds: ['subnet-0crma', 'subnet-0crmb'] });
  }
  const { url } = await aws.seedDatabase({
    region: EXAMPLE_REGION,
    identifier: instance,
    engineVersion: String(major),
    databaseName: EXAMPLE_DATABASE.databaseName,
    masterUsername: EXAMPLE_DATABASE.masterUsername,
    masterPassword: randomBytes(18).toString('base64url'),
    backupRetentionDays: 7,
    parameterGroup,
    subnetGroup,
    securityGroupIds: [securityGroup],
    tags: { env: 'demo', team: 'crm' },
  });
  return url;
}
