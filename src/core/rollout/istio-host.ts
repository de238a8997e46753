/**
 * The Service that an Istio host means, for a Service of this namespace in any of its forms; any other host as it is.
 *
 * In namespace crm: `crm-api` -> crm-api; `crm-api.crm.svc.cluster.local` -> crm-api; `crm-api.shop` -> crm-api.shop.
 */
export function serviceOfHost(host: string, namespace: string): string {
  const [service = '', ...rest] = host.split('.');
  if (rest.length === 0) return service;
  const isHere = rest[0] === namespace && (rest.length === 1 || rest[1] === 'svc');
  return isHere ? service : host;
}
