/** A metric read from Prometheus: which server, and how its series tell the arms apart. */

export type Labels = Readonly<Record<string, string>>;

/** A Prometheus server, or one that speaks its HTTP API. Secrets stand here as references only. */
export interface PrometheusServer {
  /** Without user and password; `/api/v1/query` is added to its path. */
  readonly url: string;
  readonly auth?: PrometheusAuth;
  /** Sent with each request, such as the tenant; never a secret. */
  readonly headers: Labels;
  /** For one request, and told to the server as the limit of its evaluation. */
  readonly timeoutMs: number;
  /** Everything is asked as it was this long ago, when all scrapes of that time have been stored. */
  readonly lagMs: number;
  /** A series without a sample for this long is not there. */
  readonly staleAfterMs: number;
}

export type PrometheusAuth =
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string };

/**
 * How series are matched with an arm: by the label that holds the Pod's name (the arm's Pods are listed on the cluster),
 * by the label that holds the backend Service (a router's), or by labels of each arm, with template variables.
 */
export type PrometheusArms =
  | { readonly by: 'pods'; readonly label: string }
  | { readonly by: 'backend'; readonly label: string }
  | { readonly by: 'labels'; readonly stable: Labels; readonly canary: Labels };

export interface PrometheusSource {
  readonly from: 'prometheus';
  readonly server: PrometheusServer;
  readonly arms: PrometheusArms;
  /** Added to every selector; exact, or an anchored regular expression after `~`. */
  readonly labels: Labels;
}

/** A query written by the team, with template variables. See promql-template.ts. */
export interface PromqlText {
  readonly promql: string;
  /** Cumulative counters by process, which we difference; or one number an arm. */
  readonly gives: 'counters' | 'value';
}

/** The label that tells one process from another, by which counters are differenced. */
export function instanceLabel(arms: PrometheusArms): string {
  return arms.by === 'pods' ? arms.label : 'instance';
}
