// Standard Schema, as far as a client needs it: https://standardschema.dev. Libraries such as Zod,
// Valibot and ArkType implement it.

/** A schema of any library that implements the standard. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** The result of a validation. */
export type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** Schemas by event type. */
export type Schemas = Readonly<Record<string, StandardSchema>>;

/** The event map that schemas describe. */
export type EventsOf<Given extends Schemas> = {
  [Type in keyof Given & string]: Given[Type] extends StandardSchema<infer Output> ? Output : never;
};
