/** The last page of the demo: where to look, and what to try next. */
import { quote } from '../../core/status/possible-actions.ts';
import type { Style } from '../view/style.ts';

export interface DemoAddresses {
  readonly temporal: string;
  readonly ui: string;
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly sandboxState: string;
  /** Folder of the `mainstay` command, which is hardly on anybody's PATH yet. */
  readonly binFolder: string;
  /** State folder of the worker, where its release ledger is. */
  readonly workerState: string;
  readonly workerPid: number;
  readonly workerLog: string;
}

export function whereToLook(at: DemoAddresses, style: Style): readonly string[] {
  const title = (text: string): string => style.bold(text);
  return [
    '',
    title('Where to look'),
    `  Temporal UI   ${at.ui}/namespaces/default/workflows`,
    `  cluster       KUBECONFIG=${at.kubeconfig} ${at.kubectl} get deployments,pods,httproutes -n crm`,
    `  worker log    ${at.workerLog}`,
    '',
    title('In another shell'),
    `  export PATH=${quote(at.binFolder)}:"$PATH" TEMPORAL_ADDRESS=${at.temporal} MAINSTAY_STATE_DIR=${quote(at.workerState)}`,
    `  eval "$(mainstay sandbox env --state ${quote(at.sandboxState)})"`,
    '  mainstay list --all',
    '  mainstay status crm-api --environment demo',
    '  mainstay report crm-api --environment demo',
    '',
    title('What to try next'),
    '  a person stops it in the middle:',
    '    mainstay deploy crm-api --environment demo --version v1.4.1 --detach',
    '    mainstay pause crm-api --environment demo --reason "having a look"',
    '    mainstay resume crm-api --environment demo',
    '    mainstay abort crm-api --environment demo --reason "enough seen"',
    '  the worker is killed while it deploys (the demo starts another one):',
    `    mainstay deploy crm-api --environment demo --version v1.4.1 --detach && sleep 20 && kill -9 ${at.workerPid}`,
    '    mainstay status crm-api --environment demo --watch',
    '  other bad versions (slow, crashing, silent):',
    '    mainstay deploy crm-api --environment demo --version v1.5.1-slow',
    '    mainstay deploy crm-api --environment demo --version v1.5.2-crash',
    '    mainstay deploy crm-api --environment demo --version v1.5.3-nometrics',
    '  a good version in bad weather (three of ten writes to the cluster fail):',
    `    mainstay sandbox fault add api --verb update --status 500 --probability 0.3 --state ${quote(at.sandboxState)}`,
    '    mainstay deploy crm-api --environment demo --version v1.4.1',
  ];
}
