import type { PreflightFacts } from './facts.ts';
import { checkSeen, type Finding, passed } from './finding.ts';

/** The image is in the registry; before it is built, the registry answers, so that no build is made in vain. */
export function checkImage({ image }: PreflightFacts): Finding {
  if (image.of === 'image') {
    return checkSeen(`image ${image.image}`, image.found, () => passed(`the registry holds ${image.image}`));
  }
  const toCome = `the image is built after these checks and then looked up in ${image.repository}`;
  // An empty registry does not know the repository yet: the first push makes it.
  if (image.found.seen === 'missing') return passed(`${toCome}; the registry answers`);
  return checkSeen(`registry of ${image.repository}`, image.found, () => passed(`${toCome}; the registry answers`));
}
