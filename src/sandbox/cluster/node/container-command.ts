import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Container } from '../kube/objects.ts';
import type { ImageConfig, LocalImage } from './image-store.ts';

/** What to run and where. */
export interface ContainerCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
}

/**
 * Command line and working folder of a container. `command` replaces the image's entrypoint and its arguments, `args`
 * only the arguments. There is no change of root: an absolute path that exists in the image means the one in the
 * image, any other one the machine's; `node` means the interpreter that runs this process.
 *
 * @throws Error when neither container nor image says what to run.
 */
export function containerCommand(
  container: Container,
  image: LocalImage,
  env: Readonly<Record<string, string>>,
): ContainerCommand {
  const { command = [], args = [] } = container;
  const entrypoint = command.length > 0 ? command : (image.config.Entrypoint ?? []);
  const rest = command.length > 0 || args.length > 0 ? args : (image.config.Cmd ?? []);
  const line = [...entrypoint, ...rest].map((word) => expandVariables(word, env));
  if (line.length === 0)
    throw new Error(`no command specified: neither container ${container.name} nor its image names one`);
  const argv = line.map((word, index) =>
    index === 0 && word === 'node' ? process.execPath : inImage(word, image.root),
  );
  return { argv, cwd: workingFolder(container.workingDir || image.config.WorkingDir || '/', image.root) };
}

/** Search path of a container: this process's interpreter first, then what the image says, then the machine's. */
export function searchPath(config: ImageConfig): string {
  const own = (config.Env ?? []).find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length);
  return [dirname(process.execPath), own, process.env.PATH].filter((part) => part).join(':');
}

/** Replaces `$(NAME)` by its value where NAME is known; `$$` stands for one dollar sign. */
export function expandVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_][\w.-]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (values[name] ?? whole),
  );
}

function inImage(word: string, root: string): string {
  if (!word.startsWith('/') || word === '/') return word;
  const path = join(root, normalize(word));
  return existsSync(path) ? path : word;
}

function workingFolder(folder: string, root: string): string {
  return join(root, normalize(`/${folder}`));
}
