/** `mainstay backup`: takes a backup of a database and follows it. */
import { Command } from 'commander';
import { WORKFLOWS } from '../core/model/names.ts';
import { nameArgument } from './arguments.ts';
import { addBackupOptions, type BackupOptions, inputOf, startBackup } from './operation/start-backup.ts';

export function backupCommand(): Command {
  const command = new Command('backup')
    .description('back a database up: manifest, snapshot, copy to the recovery region, archive, retention')
    .argument('<database>', 'name of the database in the catalogue', nameArgument);
  return addBackupOptions(command).action(async (database: string, options: BackupOptions) => {
    const input = inputOf(database, options);
    process.exitCode = await startBackup(WORKFLOWS.backUpDatabase, 'backup', input, options, process.stdout);
  });
}
