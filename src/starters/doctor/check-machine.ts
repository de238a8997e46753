/** This machine: Node, and the programs that a person wants at hand. */
import { execFile } from 'node:child_process';
import { type Check, failed, ok, warning } from '../../core/doctor/check.ts';

const LEAST_NODE = [20, 19] as const;
const TOOL_MS = 4_000;

export function checkNode(version = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  if (isEnough) return ok('node', `Node ${version}`);
  return failed(
    'node',
    `Node ${version}, expected ${LEAST_NODE.join('.')} or later`,
    'install a current Node, such as 20 or 22 LTS',
  );
}

interface Tool {
  readonly name: string;
  /** Variable with the path of it; else it is looked for on PATH. */
  readonly variable: string;
  readonly args: readonly string[];
  readonly of: RegExp;
  readonly use: string;
}

const TOOLS: readonly Tool[] = [
  {
    name: 'temporal',
    variable: 'TEMPORAL_CLI_PATH',
    args: ['--version'],
    of: /version (\S+)/,
    use: 'speaks to Temporal without Mainstay',
  },
  {
    name: 'kubectl',
    variable: 'MAINSTAY_KUBECTL',
    args: ['version', '--client', '--output=json'],
    of: /"gitVersion":\s*"([^"]+)"/,
    use: 'looks at the cluster',
  },
  {
    name: 'prometheus',
    variable: 'MAINSTAY_PROMETHEUS',
    args: ['--version'],
    of: /version (\S+)/,
    use: 'only for the sandbox’s own metrics server',
  },
];

/** None of them is needed by a worker: one that is missing is no fault. */
export function checkTools(environment: NodeJS.ProcessEnv = process.env): readonly (() => Promise<Check>)[] {
  return TOOLS.map((tool) => () => checkTool(tool, environment));
}

function checkTool({ name, variable, args, of, use }: Tool, environment: NodeJS.ProcessEnv): Promise<Check> {
  const id = `tool/${name}`;
  const path = environment[variable] || name;
  return new Promise((resolve) => {
    execFile(path, args, { timeout: TOOL_MS, killSignal: 'SIGKILL', env: environment }, (error, stdout, stderr) => {
      if (error && 'code' in error && error.code === 'ENOENT') {
        resolve(ok(id, `not found (optional; ${use})`));
        return;
      }
      const version = of.exec(`${stdout}\n${stderr}`)?.[1];
      if (version === undefined) {
        resolve(warning(id, `${path} does not tell its version`, `try it yourself: ${path} ${args.join(' ')}`));
      } else resolve(ok(id, `${version} (${path})`));
    });
  });
}
