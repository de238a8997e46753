#!/usr/bin/env node
// Builds one version of the service and pushes it. Reads MAINSTAY_VERSION and MAINSTAY_REPOSITORY; the last line of
// its output is the image digest. Exit codes: 0 built, 1 failed, 2 wrong input, 69 registry not reachable.
import { knownVersions, packImage } from './image/pack.mjs';
import { parseRepository, pushBlob, pushManifest } from './image/push.mjs';

const version = process.env.MAINSTAY_VERSION ?? '';
const versions = await knownVersions();
if (!versions.includes(version)) {
  fail(2, `unknown version ${version || '(MAINSTAY_VERSION is not set)'}; known versions: ${versions.join(', ')}`);
}
let repository;
try {
  repository = parseRepository(process.env.MAINSTAY_REPOSITORY);
} catch (error) {
  fail(2, error.message);
}

try {
  const { manifest, blobs } = await packImage(version);
  console.log(
    `packed crm-api ${version}: ${blobs.length} blobs, ${blobs.reduce((sum, blob) => sum + blob.size, 0)} bytes`,
  );
  for (const blob of blobs)
    console.log(`blob ${blob.digest.slice(0, 19)} ${blob.size} bytes: ${await pushBlob(repository, blob)}`);
  const digest = await pushManifest(repository, manifest, version);
  if (digest !== manifest.digest) fail(1, `registry stored ${digest}, expected ${manifest.digest}`);
  console.log(`tagged ${repository.host}/${repository.name}:${version}`);
  console.log(digest);
} catch (error) {
  const unreachable =
    error.name === 'TimeoutError' || error.cause !== undefined || / answered 5\d\d/.test(error.message);
  const reason = error.cause?.code ?? error.cause?.message ?? error.message;
  fail(unreachable ? 69 : 1, unreachable ? `registry ${repository.host} is not available: ${reason}` : reason);
}

function fail(code, message) {
  console.error(`build: ${message}`);
  process.exit(code);
}
