import type { Element } from './element.ts';
import type { Operation, Route53State } from './operations.ts';
import { itemsOf, parseRequest } from './request-body.ts';
import { invalidInput } from './route53-error.ts';

export const tagOperations: readonly Operation[] = [
  {
    operation: 'ChangeTagsForResource',
    method: 'POST',
    path: 'tags/{}/{}',
    run(state, { arguments: [type = '', id = ''], body }) {
      mustExist(state, type, id);
      state.tags.change(`${type}/${id}`, parseRequest(body, 'ChangeTagsForResourceRequest'));
      return { element: ['ChangeTagsForResourceResponse', []] };
    },
  },
  {
    operation: 'ListTagsForResource',
    method: 'GET',
    path: 'tags/{}/{}',
    run(state, { arguments: [type = '', id = ''] }) {
      mustExist(state, type, id);
      return { element: ['ListTagsForResourceResponse', [state.tags.set(type, id)]] };
    },
  },
  {
    operation: 'ListTagsForResources',
    method: 'POST',
    path: 'tags/{}',
    run(state, { arguments: [type = ''], body }) {
      const request = parseRequest(body, 'ListTagsForResourcesRequest');
      const sets = itemsOf(request, 'ResourceIds', 'ResourceId').map((id): Element => {
        mustExist(state, type, String(id));
        return state.tags.set(type, String(id));
      });
      return { element: ['ListTagsForResourcesResponse', [['ResourceTagSets', sets]]] };
    },
  },
];

function mustExist({ zones, checks }: Route53State, type: string, id: string): void {
  if (type === 'hostedzone') zones.find(id);
  else if (type === 'healthcheck') checks.get(id);
  else throw invalidInput(`Invalid parameter : resource type must be hostedzone or healthcheck, got ${type}`);
}
