/** The same six texts as Markdown, for the workflow's current details in the Temporal UI. */
import type { DeployState } from '../model/deploy-state.ts';
import { describeOperation } from './describe-operation.ts';

/** Markdown of at most some kilobytes; texts that people gave are escaped. */
export function currentDetails(state: DeployState, nowMs: number): string {
  const status = describeOperation(state, nowMs);
  const lines = [
    `**${escape(status.what)}**`,
    '',
    `- **Why:** ${escape(status.why)}`,
    `- **Seen:** ${escape(status.seen)}`,
    `- **Next:** ${escape(status.next)}`,
    `- **Undone:** ${escape(status.undone)}`,
  ];
  if (status.image !== undefined) lines.push(`- **Image:** \`${status.image}\``);
  if (status.planDigest !== undefined) lines.push(`- **Plan:** \`${status.planDigest.slice(0, 12)}\``);
  lines.push('', '**One may do:**', '');
  for (const action of status.may) lines.push(`- ${escape(action.why)}`, '', '  ```', `  ${action.command}`, '  ```');
  return lines.join('\n');
}

/** What people or servers wrote must not become markup. */
function escape(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|]/g, (character) => `\\${character}`);
}
