import type { EndpointSlice, Pod, Service } from '../../../src/sandbox/cluster/kube/objects.ts';
import type { BackendRef, Gateway, HttpRoute } from '../../../src/sandbox/router/gateway-objects.ts';
import type { DestinationRule, VirtualService } from '../../../src/sandbox/router/istio-objects.ts';
import type { TableSources } from '../../../src/sandbox/router/routing-table.ts';

/** Objects of one namespace `crm`, changed freely between two builds of the table. */
export class Objects implements TableSources {
  readonly routeMap = new Map<string, HttpRoute>();
  readonly gatewayMap = new Map<string, Gateway>();
  readonly serviceMap = new Map<string, Service>();
  readonly sliceList: EndpointSlice[] = [];
  readonly podMap = new Map<string, Pod>();

  constructor() {
    this.gatewayMap.set('crm/public', {
      metadata: { name: 'public', namespace: 'crm', generation: 1 },
      spec: { gatewayClassName: 'mainstay-sandbox', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
    });
  }

  readonly virtualServiceList: VirtualService[] = [];
  readonly ruleList: DestinationRule[] = [];

  virtualServices = (): VirtualService[] => this.virtualServiceList;
  destinationRules = (namespace: string): DestinationRule[] =>
    this.ruleList.filter((rule) => rule.metadata?.namespace === namespace);
  routes = (): HttpRoute[] => [...this.routeMap.values()];
  gateway = (key: string): Gateway | undefined => this.gatewayMap.get(key);
  service = (key: string): Service | undefined => this.serviceMap.get(key);
  pod = (key: string): Pod | undefined => this.podMap.get(key);
  slices = (namespace: string, service: string): EndpointSlice[] =>
    this.sliceList.filter((slice) => slice.metadata?.namespace === namespace && slice.metadata.name === service);

  addRoute(backendRefs: BackendRef[], spec: HttpRoute['spec'] = {}, name = 'crm-api'): void {
    this.routeMap.set(`crm/${name}`, {
      metadata: { name, namespace: 'crm', generation: 7, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { parentRefs: [{ name: 'public' }], hostnames: ['crm.example.com'], rules: [{ backendRefs }], ...spec },
    });
  }

  /** A Service with a pod for each real port; the container port of all is 8080. */
  addService(name: string, realPorts: number[], ready = true): void {
    this.serviceMap.set(`crm/${name}`, {
      metadata: { name, namespace: 'crm' },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    });
    const endpoints = realPorts.map((port, index) => ({
      addresses: [`10.244.0.${index + 1}`],
      conditions: { ready },
      targetRef: { kind: 'Pod', name: `${name}-${port}` },
    }));
    this.sliceList.push({
      metadata: { name, namespace: 'crm' },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints,
    });
    for (const port of realPorts) {
      const annotations = { 'sandbox.mainstay.dev/dial': JSON.stringify({ 8080: `127.0.0.1:${port}` }) };
      this.podMap.set(`crm/${name}-${port}`, {
        metadata: { name: `${name}-${port}`, namespace: 'crm', annotations },
      });
    }
  }
}
