/** Programs that the demo starts or names: what set-up found, else what is on PATH. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface DemoTools {
  readonly temporal: string | undefined;
  /** `kubectl` when set-up did not bring one: the person's own works as well. */
  readonly kubectl: string;
}

interface ToolsModule {
  readonly loadTools: () => Partial<Record<string, string>>;
}

export async function findTools(): Promise<DemoTools> {
  const found = await recordOfSetup();
  return {
    temporal: process.env.TEMPORAL_CLI_PATH ?? found.TEMPORAL_CLI_PATH ?? onPath('temporal'),
    kubectl: process.env.MAINSTAY_KUBECTL ?? found.MAINSTAY_KUBECTL ?? 'kubectl',
  };
}

/** tools/ is part of a clone, not of the package. */
async function recordOfSetup(): Promise<Partial<Record<string, string>>> {
  const script = new URL('../../../tools/setup/tools.mjs', import.meta.url).href;
  try {
    const module = (await import(script)) as ToolsModule;
    return module.loadTools();
  } catch {
    return {};
  }
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
