import type { ActiveSandboxFault } from '../../sandbox/faults/fault.ts';
import type { LoadStatistics } from '../../sandbox/load/load.ts';
import type { AwsAddress, SandboxPod, SandboxStatus } from '../../sandbox/status.ts';
import { stateOption } from './control-client.ts';
import { envLines, sandboxEnvironment } from './environment.ts';

/** What `up` prints at its end: addresses, lines to paste, and how to go on. */
export function upText({ pid, running }: SandboxStatus, stateDir: string, wasRunning: boolean): string {
  if (!running) return `sandbox: pid ${pid}`;
  const { kubeconfig, router, routerAdmin, registry, load, prometheus, aws } = running;
  const option = stateOption(stateDir);
  return [
    `sandbox ${wasRunning ? 'already runs' : 'is up'} (pid ${pid}, state ${stateDir})`,
    `  kubeconfig  ${kubeconfig}`,
    `  router      ${router} (host crm.example.com), its metrics ${routerAdmin}/metrics`,
    `  registry    ${registry}`,
    ...(prometheus === undefined ? [] : [`  prometheus  ${prometheus}`]),
    ...(aws === undefined ? [] : [awsText(aws)]),
    `  load        ${load.rps} requests per second`,
    '',
    'To use it, in every shell:',
    `  eval "$(mainstay sandbox env${option})"`,
    '',
    'which sets:',
    ...envLines(sandboxEnvironment(running)).map((line) => `  ${line}`),
    '',
    'Then:',
    '  mainstay worker                                   # in a shell of its own',
    '  mainstay deploy crm-api -e demo --version v1.4.2  # in another one',
    '  kubectl get pods',
    `  curl -H 'Host: crm.example.com' ${router}/version`,
    `  mainstay sandbox status${option}`,
    `  mainstay sandbox down${option}`,
  ].join('\n');
}

/** What `status` prints. */
export function statusText(status: SandboxStatus, stateDir: string): string {
  const { running, pid, phase, step } = status;
  if (!running) return `sandbox ${phase} (pid ${pid}): ${step}`;
  const { pods, load, faults, api, registry, router, routerAdmin, kubeconfig, prometheus, aws } = running;
  return [
    `sandbox ${phase} (pid ${pid}, state ${stateDir}, since ${status.startedAt})`,
    `  kubernetes  ${api}  kubeconfig ${kubeconfig}`,
    `  router      ${router}  admin ${routerAdmin}`,
    `  registry    ${registry}`,
    ...(prometheus === undefined ? [] : [`  prometheus  ${prometheus}`]),
    ...(aws === undefined ? [] : [awsText(aws)]),
    `  load        ${loadText(load)}`,
    '',
    `pods: ${pods.length === 0 ? 'none' : ''}`.trimEnd(),
    ...pods.map(podText),
    '',
    faultsText(faults),
  ].join('\n');
}

function awsText({ url, region, clockFactor }: AwsAddress): string {
  return `  aws         ${url} (${region}; a minute of RDS takes ${Math.round(clockFactor * 60_000) / 1000} s)`;
}

/** One line of the load's counters. */
export function loadText({ rps, sent, byCode, failed, late, missed }: LoadStatistics): string {
  const codes = Object.entries(byCode).map(([code, count]) => `${count} x ${code}`);
  const rest = [
    failed > 0 ? `${failed} without answer` : '',
    late > 0 ? `${late} late` : '',
    missed > 0 ? `${missed} not sent` : '',
  ];
  return [`${rps} requests per second`, `${sent} sent`, ...codes, ...rest.filter((part) => part)].join(', ');
}

/** One line a fault, with the id that clears it. */
export function faultsText(faults: readonly ActiveSandboxFault[]): string {
  if (faults.length === 0) return 'faults: none';
  return ['faults:', ...faults.map((fault) => `  ${faultText(fault)}`)].join('\n');
}

export function faultText({ id, kind, ...rest }: ActiveSandboxFault): string {
  const settings = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  return `${id}  ${kind} ${settings.join(' ')}`;
}

function podText({ namespace, name, version, phase, isReady, restarts }: SandboxPod): string {
  return `  ${namespace}/${name}  ${version}  ${phase}, ${isReady ? 'ready' : 'not ready'}, ${restarts} restarts`;
}
