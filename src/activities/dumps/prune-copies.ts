import type { ObjectStore } from '../../clients/aws/object-store-port.ts';
import { COPY_PROOFS, copiesAmong } from '../../core/cache-backup/cache-place.ts';
import { planDumpRetention } from '../../core/dumps/plan-dump-retention.ts';

/** Removes the copies under a root that retention allows, their proofs first: half a removal must not pass for a whole copy. */
export async function pruneCopies(
  store: ObjectStore,
  where: { readonly bucket: string; readonly root: string },
  rules: { readonly keepMs: number; readonly deadlineMs: number; readonly own: string; readonly nowMs: number },
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (doing: string) => void },
) {
  const { bucket, root } = where;
  const found = await store.list({ bucket, prefix: root }, signal);
  const copies = copiesAmong(
    root,
    found.map(({ key }) => key),
  );
  const steps = planDumpRetention(copies, rules);
  for (const { folder } of steps) {
    tell(`removing ${folder}`);
    const parts = copies.find((copy) => copy.folder === folder)?.parts ?? [];
    const proofs: readonly string[] = [COPY_PROOFS.verified, COPY_PROOFS.manifest];
    const ordered = [
      ...proofs.filter((part) => parts.includes(part)),
      ...parts.filter((part) => !proofs.includes(part)),
    ];
    for (const part of ordered) await store.remove({ bucket, key: `${folder}${part}` }, signal);
  }
  return { removed: steps, kept: copies.length - steps.length };
}
