/** The CDK app that cdk.json runs: nightshift.yaml in, one stack out. `--context config=FILE` names another configuration. */
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { allOperations } from '../functions/operations.ts';
import type { Configuration } from '../functions/runtime/configuration.ts';
import { ConfigurationError } from '../functions/runtime/configuration-error.ts';
import type { Operation } from '../functions/runtime/operation.ts';
import { loadConfiguration } from './config.ts';
import { NightshiftStack } from './nightshift-stack.ts';

/** Adds the stack to an app whose synthesis then throws where cdk-nag finds something that no acknowledgement explains. */
export function addNightshift(app: App, configuration: Configuration, operations: readonly Operation[] = allOperations): NightshiftStack {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return new NightshiftStack(app, 'Nightshift', { configuration, operations });
}

if (import.meta.main) {
  try {
    const app = new App();
    addNightshift(app, loadConfiguration(String(app.node.tryGetContext('config') ?? 'nightshift.yaml')));
    app.synth();
  } catch (error) {
    // A mistake in the configuration is the reader's to mend: the stack of calls that found it is of no use.
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
