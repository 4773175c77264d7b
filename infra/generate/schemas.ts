/**
 * JSON Schemas for editors and for what reads reports, out of the zod schemas that Nightshift itself validates with. Draft 7, since that is what
 * editors know. What zod cannot turn into JSON Schema (exactly one of several keys) stands beside the rule, as its meta.
 */
import * as z from 'zod';
import { operations as operationNames, reportSchema } from '../../functions/report/model.ts';
import { configurationSchema, operationOptions, optionsByOperation } from '../../functions/runtime/configuration.ts';
import { eventSchema } from '../../functions/runtime/events.ts';
import type { Operation } from '../../functions/runtime/operation.ts';
import { overridesSchema } from '../../functions/runtime/overrides.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/** No address: nobody serves these files, they lie beside the documentation. */
const idOf = (name: string): string => `urn:nightshift:schema:${name}`;
const dialect = 'http://json-schema.org/draft-07/schema#';

/** As it is written by people: what has a default may be left out. Options of operations refer to the definitions of `optionDefinitions`. */
const inputSchema = (schema: z.ZodType): Schema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== optionsByOperation) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      jsonSchema.$ref = '#/definitions/options';
    },
  });
  return rest;
};

const document = (name: string, title: string, schema: Schema, definitions?: Readonly<Record<string, Schema>>): string =>
  `${JSON.stringify({ $schema: dialect, $id: idOf(name), title, ...schema, ...(definitions && { definitions }) }, null, 2)}\n`;

/** The options of one operation’s checks: by check id its own, so that an editor completes them. */
const checksSchema = ({ checks }: Operation): Schema => ({
  type: 'object',
  description: 'Options of checks, by check id',
  additionalProperties: false,
  properties: {
    off: { type: 'array', items: { enum: checks.map(({ id }) => id) }, default: [], description: 'Checks that do not run' },
    ...Object.fromEntries(checks.map(({ id, title, why, options }) => [id, { description: `${title}. ${why}`, ...inputSchema(options) }])),
  },
});

const optionDefinitions = (operations: readonly Operation[]): Record<string, Schema> => {
  const general = inputSchema(operationOptions);
  const reference = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
  const own = operations.map((operation): [string, Schema] => [
    `options-${operation.name}`,
    { ...general, description: operation.title, properties: { ...general.properties, checks: checksSchema(operation) } },
  ]);
  const known = new Set<string>(operations.map(({ name }) => name));
  return {
    options: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(operationNames.map((name) => [name, reference(known.has(name) ? `options-${name}` : 'options-any')])),
    },
    ...Object.fromEntries(own),
    'options-any': general,
  };
};

/** What `with` of a schedule may hold, by its operation. */
const scheduleEvents = (operations: readonly Operation[]): Schema[] => {
  const others = operationNames.filter((name) => operations.every((operation) => operation.name !== name));
  return [
    ...operations.map(({ name, event }) => ({
      properties: { operation: { const: name }, with: inputSchema(z.strictObject(event.shape)) },
    })),
    ...(others.length > 0 ? [{ properties: { operation: { enum: others } } }] : []),
  ];
};

const configurationDocument = (operations: readonly Operation[]): string => {
  const schema = inputSchema(configurationSchema);
  const schedules = schema.properties?.schedules;
  if (typeof schedules !== 'object' || typeof schedules.items !== 'object' || Array.isArray(schedules.items))
    throw new Error('configurationSchema has no list of schedules');
  const withEvents: Schema = { ...schedules, items: { ...schedules.items, anyOf: scheduleEvents(operations) } };
  return document(
    'nightshift',
    'nightshift.yaml',
    { ...schema, properties: { ...schema.properties, schedules: withEvents } },
    optionDefinitions(operations),
  );
};

const eventsDocument = (operations: readonly Operation[]): string => {
  const definitions = operations.map((operation): [string, Schema] => [
    operation.name,
    { title: operation.title, ...inputSchema(eventSchema(operation)) },
  ]);
  const any = { anyOf: definitions.map(([name]) => ({ $ref: `#/definitions/${name}` })) };
  return document('events', 'Events of the operations’ functions', any, Object.fromEntries(definitions));
};

/** The schemas by their path. A report’s takes what a later version adds. */
export const jsonSchemas = (operations: readonly Operation[]): ReadonlyMap<string, string> =>
  new Map([
    ['docs/nightshift.schema.json', configurationDocument(operations)],
    [
      'docs/overrides.schema.json',
      document('overrides', 'config/overrides.yaml', inputSchema(overridesSchema), optionDefinitions(operations)),
    ],
    ['docs/events.schema.json', eventsDocument(operations)],
    ['docs/report.schema.json', document('report', 'Nightshift report', inputSchema(reportSchema))],
  ]);
