export {
  type SecretReference,
  SECRET_REFERENCE_EXPECTED,
  parseSecretReference,
} from '../../core/model/secret-reference.ts';
