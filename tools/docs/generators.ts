import { settingsPage } from '../../src/config/settings.ts';
import { backupReportJsonSchema } from '../../src/contracts/backup-report.ts';
import { catalogueJsonSchema } from '../../src/contracts/catalogue.ts';
import { reportJsonSchema } from '../../src/contracts/release-report.ts';
import { exitCodesPage } from '../../src/starters/exit-codes.ts';
import { commandLinePage } from './command-line.ts';
import { errorCodesPage } from './error-codes.ts';
import { ledgerSchemaPage } from './ledger-schema.ts';
import { exampleRoleFile } from './role-file.ts';

/** A file that is made from the code, so that it cannot say something else than the code. */
export interface Generator {
  /** Path from the project's root; `.generated.` in the name keeps formatters and hands away from pages. */
  readonly path: `docs/${string}.generated.${string}` | 'deploy/kubernetes/rbac.yaml';
  readonly generate: () => string | Promise<string>;
}

/** To add a page: write its function beside this file and give it a line here. */
export const GENERATORS: readonly Generator[] = [
  { path: 'docs/reference/error-codes.generated.md', generate: errorCodesPage },
  {
    path: 'docs/reference/catalogue.schema.generated.json',
    generate: () => `${JSON.stringify(catalogueJsonSchema(), null, 2)}\n`,
  },
  {
    path: 'docs/reference/report.schema.generated.json',
    generate: () => `${JSON.stringify(reportJsonSchema(), null, 2)}\n`,
  },
  {
    path: 'docs/reference/backup-report.schema.generated.json',
    generate: () => `${JSON.stringify(backupReportJsonSchema(), null, 2)}\n`,
  },
  { path: 'docs/reference/ledger.generated.md', generate: ledgerSchemaPage },
  { path: 'docs/reference/settings.generated.md', generate: settingsPage },
  { path: 'docs/reference/exit-codes.generated.md', generate: exitCodesPage },
  { path: 'docs/reference/command-line.generated.md', generate: commandLinePage },
  { path: 'deploy/kubernetes/rbac.yaml', generate: exampleRoleFile },
];
