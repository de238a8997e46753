/** Parameters of the copy against the manifest's, minus those that differ on purpose. */
import { type Finding, finding } from './finding.ts';

export interface SettingFault extends Finding {
  readonly object: string;
}

export interface SettingsInput {
  readonly expected: Readonly<Record<string, string>>;
  /** Values that differ on purpose, such as the quarantine's. They must be so. */
  readonly overrides: Readonly<Record<string, string>>;
  /** A parameter that the role may not see is not in it. */
  readonly seen: Readonly<Record<string, string>>;
  readonly physical: boolean;
}

export function compareSettings({ expected, overrides, seen, physical }: SettingsInput): readonly SettingFault[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(overrides)])].toSorted();
  return names.flatMap((object) => {
    const isOverride = Object.hasOwn(overrides, object);
    const wanted = (isOverride ? overrides[object] : expected[object]) ?? '';
    const found = seen[object];
    if (found === wanted) return [];
    // A parameter of an extension that is not loaded at all: what it would hold back cannot run.
    if (found === undefined && isOverride && object.includes('.')) return [];
    if (found === undefined) {
      return [{ object, ...finding('couldNotVerify', `expected ${quoted(wanted)}; this role may not see it`) }];
    }
    const from = isOverride ? 'by the quarantine' : 'as in the manifest';
    const state = physical || isOverride ? 'fail' : 'warn';
    return [{ object, ...finding(state, `expected ${quoted(wanted)} ${from}, found ${quoted(found)}`) }];
  });
}

const quoted = (text: string): string => JSON.stringify(text);
