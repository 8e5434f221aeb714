/** Leads to the first field that is marked as wrong, as far as the page shows any. */
export function focusFirstWrong(form: HTMLElement): void {
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
