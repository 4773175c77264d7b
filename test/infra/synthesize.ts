import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { z } from 'zod';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { type Configuration, configurationSchema } from '../../functions/runtime/configuration.ts';
import type { Operation } from '../../functions/runtime/operation.ts';
import { addNightshift } from '../../infra/app.ts';

/** As the CDK's command line gives it to the app. */
const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8'));

/**
 * The stack of a configuration (as nightshift.yaml holds it) with one operation, so that another one adds nothing to what tests list; without bundling,
 * which takes seconds; cdk-nag's violations throw.
 */
export function synthesize(
  given: z.input<typeof configurationSchema>,
  operations: readonly Operation[] = [healthCheck],
): {
  readonly template: Template;
  readonly configuration: Configuration;
} {
  const configuration = configurationSchema.parse(given);
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
  const stack = addNightshift(app, configuration, operations);
  app.synth();
  return { template: Template.fromStack(stack), configuration };
}

/** An IAM statement, with references written as `<LogicalId.Attribute>` or `<Ref>`. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
  readonly Principal?: unknown;
}

/** The template's JSON with every reference and join flattened into one readable string. */
export function flattened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(flattened);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, inner] = [], ...more] = Object.entries(value);
  if (more.length === 0 && key === 'Ref') return `<${inner}>`;
  if (more.length === 0 && key === 'Fn::GetAtt' && Array.isArray(inner)) return `<${inner.join('.')}>`;
  if (more.length === 0 && key === 'Fn::Join' && Array.isArray(inner)) return (flattened(inner[1]) as unknown[]).join(String(inner[0]));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, flattened(part)]));
}

/** A resource as tests look at it. */
export interface Resource {
  readonly id: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** The resources of a type, flattened, with their logical ids. */
export function resourcesOf(template: Template, type: string): readonly Resource[] {
  return Object.entries(template.findResources(type)).map(([id, resource]) => ({ ...(flattened(resource) as Omit<Resource, 'id'>), id }));
}

/** The only resource of a type, or the only one whose logical id begins with `beginning`. */
export function resourceOf(template: Template, type: string, beginning = ''): Resource {
  const [found, ...more] = resourcesOf(template, type).filter(({ id }) => id.startsWith(beginning));
  if (!found || more.length > 0) throw new Error(`${found ? 'more than one' : 'no'} ${type} ${beginning}`);
  return found;
}

/** The statements of a policy document under a property. */
export function statementsOf(resource: Resource, property = 'PolicyDocument'): readonly Statement[] {
  return (resource.Properties[property] as { readonly Statement: readonly Statement[] }).Statement;
}
