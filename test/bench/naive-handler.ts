/** The baseline of the start's benchmark: a handler as most are written, which imports all that it may need, bundled into one file. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import * as kubernetes from '@kubernetes/client-node';

const clients = { s3: new S3Client(), sns: new SNSClient(), events: new EventBridgeClient() };
const kubeconfig = new kubernetes.KubeConfig();

export const handler = async () => ({ clients: Object.keys(clients), contexts: kubeconfig.contexts.length });
