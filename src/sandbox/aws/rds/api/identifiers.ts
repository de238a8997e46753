import { randomBytes } from 'node:crypto';
import { RdsError } from './errors.ts';

/** Of every sandbox; moto's too. */
export const ACCOUNT = '123456789012';

export type ArnKind = 'db' | 'snapshot' | 'pg' | 'subgrp' | 'auto-backup';

export function arn(region: string, kind: ArnKind, name: string): string {
  return `arn:aws:rds:${region}:${ACCOUNT}:${kind}:${name}`;
}

/** Parts of an ARN of ours; undefined for anything else. Names of automated snapshots hold a colon. */
export function parseArn(text: string): { region: string; kind: string; name: string } | undefined {
  const match = /^arn:aws:rds:([a-z0-9-]+):(\d{12}):([a-z-]+):(.+)$/.exec(text);
  return match?.[1] && match[3] && match[4] ? { region: match[1], kind: match[3], name: match[4] } : undefined;
}

/** Never given twice. */
export function newResourceId(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return `db-${[...randomBytes(26)].map((byte) => letters[byte % 32]).join('')}`;
}

/** Folder name of a snapshot. */
export function newSnapshotFolder(): string {
  return `snap-${randomBytes(8).toString('hex')}`;
}

/** A name that is kept in small letters: letters, digits and hyphens, first a letter, no two hyphens, none at the end. */
export function identifier(name: string, value: string, limit: number): string {
  if (value.length <= limit && /^[A-Za-z](?:-?[A-Za-z0-9])*$/.test(value)) return value.toLowerCase();
  throw new RdsError(
    'InvalidParameterValue',
    `The parameter ${name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII ` +
      `letters, digits, and hyphens; must not end with a hyphen or contain two consecutive hyphens; and have at most ${limit} characters.`,
  );
}

export const instanceIdentifier = (value: string, name = 'DBInstanceIdentifier'): string => identifier(name, value, 63);
export const snapshotIdentifier = (value: string, name = 'DBSnapshotIdentifier'): string =>
  identifier(name, value, 255);
