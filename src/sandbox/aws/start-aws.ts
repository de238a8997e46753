/** The sandbox's AWS: one endpoint for every service and region. */
import type { AwsFaults } from './front/fault-rules.ts';
import type { AwsBackend } from './front/handler.ts';
import type { AwsRequestLog } from './front/request-log.ts';
import type { RdsEngine } from './rds/engine/port.ts';

export interface SandboxAwsOptions {
  /** Data directories, snapshots and archives; created when absent. */
  readonly stateDir: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Seconds here for a second there: 0.01 makes a restore of 5 minutes take 3 s. Absent: 0.01. */
  readonly clockFactor?: number;
  /** What is behind RDS instances; absent: real Postgres servers. One that is given is not closed. */
  readonly engine?: RdsEngine;
  /** Other services by name of the credential scope; `default` takes every one that is not named. Absent: Route 53 and moto. */
  readonly backends?: Readonly<Record<string, AwsBackend>>;
  /** Per region. Absent: 40 instances, 100 manual snapshots. */
  readonly quotas?: { readonly instances?: number; readonly manualSnapshots?: number };
  /** Told of problems that the parts get over by themselves. */
  readonly reportProblem?: (part: string, problem: Error) => void;
}

export interface SeedDatabase {
  readonly region: string;
  readonly identifier: string;
  readonly engineVersion: string;
  readonly databaseName: string;
  readonly masterUsername: string;
  readonly masterPassword: string;
  readonly backupRetentionDays?: number;
  readonly parameterGroup?: string;
  readonly subnetGroup?: string;
  readonly securityGroupIds?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface SeededDatabase {
  readonly host: string;
  readonly port: number;
  /** postgres:// URL of the master user, with the password. */
  readonly url: string;
}

export interface SandboxAws {
  /** `http://127.0.0.1:<port>`: AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly port: number;
  readonly clockFactor: number;
  readonly faults: AwsFaults;
  readonly log: AwsRequestLog;
  readonly engine: RdsEngine;
  /** An RDS instance that is available when this returns, without its timeline; its first automated backup is taken. */
  seedDatabase(seed: SeedDatabase): Promise<SeededDatabase>;
  /** Makes a parameter group with user-set values, or replaces its values. */
  seedParameterGroup(group: {
    readonly region: string;
    readonly name: string;
    readonly family: string;
    readonly parameters: Readonly<Record<string, string>>;
  }): Promise<void>;
  /** Ends every server. May be called twice. */
  close(): Promise<void>;
}

/** What the standard AWS environment of a client is in the sandbox: any key is accepted. */
export function awsEnvironment(url: string, region: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'AKIDSANDBOX',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
  };
}

/** Starts the endpoint. Other services start at their first request. */
export async function startSandboxAws(options: SandboxAwsOptions): Promise<SandboxAws> {
  throw new Error(`the sandbox's AWS is not built yet (${options.stateDir})`);
}
