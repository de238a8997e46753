/** Address of a cluster object, as plans and records carry it. */
export interface ObjectAddressLike {
  readonly kind: 'Deployment' | 'Service' | 'HTTPRoute' | 'VirtualService' | 'DestinationRule';
  readonly namespace: string;
  readonly name: string;
}

/** `Deployment crm/crm-api` */
export function nameOf(object: ObjectAddressLike): string {
  return `${object.kind} ${object.namespace}/${object.name}`;
}
