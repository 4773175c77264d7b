/** The chain of profiles, SSO, containers and instance metadata: a module of its own, since a function never needs it. */
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { AwsCredentialIdentityProvider } from '@smithy/types';

/** As the AWS command would find them on this machine. */
export const defaultCredentials: AwsCredentialIdentityProvider = fromNodeProviderChain();
