import { itemsOf, isNode, type Node, textOf } from './request-body.ts';
import type { Element } from './element.ts';
import { invalidInput } from './route53-error.ts';

const LIMIT = 50;

/** Tags by resource. Whether there is such a resource is the caller's question. */
export class Tags {
  readonly #byResource = new Map<string, Map<string, string>>();

  /** Throws InvalidInput for more than 50 on a resource. */
  change(resource: string, request: Node): void {
    const tags = new Map(this.#byResource.get(resource));
    for (const key of itemsOf(request, 'RemoveTagKeys', 'Key')) tags.delete(String(key));
    for (const tag of itemsOf(request, 'AddTags', 'Tag')) {
      if (isNode(tag)) tags.set(textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? '');
    }
    if (tags.size > LIMIT) throw invalidInput(`A resource can have at most ${LIMIT} tags`);
    this.#byResource.set(resource, tags);
  }

  set(type: string, id: string): Element {
    const tags = [...(this.#byResource.get(`${type}/${id}`) ?? [])];
    const listed = tags.map(
      ([key, value]): Element => [
        'Tag',
        [
          ['Key', key],
          ['Value', value],
        ],
      ],
    );
    return [
      'ResourceTagSet',
      [
        ['ResourceType', type],
        ['ResourceId', id],
        ['Tags', listed],
      ],
    ];
  }

  forget(resource: string): void {
    this.#byResource.delete(resource);
  }
}
