import type { Animal } from './animal.ts';
import { KEYS } from './keys.ts';
import { OBJECTS } from './objects.ts';
import { ODD_NAMES } from './odd-names.ts';
import { SHAPES } from './shapes.ts';

/** One database each, all in one server. */
export const ZOO: readonly Animal[] = [SHAPES, KEYS, OBJECTS, ODD_NAMES];
