/** `mainstay verify-restore`: restores a backup into a copy, checks it, deletes the copy; the exit code is the verdict. */
import { Command, Option } from 'commander';
import { WORKFLOWS } from '../core/model/names.ts';
import { nameArgument, snapshotArgument } from './arguments.ts';
import { addBackupOptions, type BackupOptions, inputOf, startBackup } from './operation/start-backup.ts';

interface VerifyRestoreOptions extends BackupOptions {
  readonly snapshot?: string;
}

export function verifyRestoreCommand(): Command {
  const command = new Command('verify-restore')
    .description('prove that a backup can be restored: a temporary copy is checked, measured, deleted and proven gone')
    .argument('<database>', 'name of the database in the catalogue', nameArgument)
    .addOption(
      new Option(
        '--snapshot <which>',
        "latest, random, oldest, or a snapshot's identifier (the catalogue's choice when left out)",
      ).argParser(snapshotArgument),
    );
  return addBackupOptions(command).action(async (database: string, options: VerifyRestoreOptions) => {
    const { snapshot } = options;
    const input = { ...inputOf(database, options), ...(snapshot !== undefined && { snapshot }) };
    process.exitCode = await startBackup(WORKFLOWS.verifyRestore, 'verify-restore', input, options, process.stdout);
  });
}
