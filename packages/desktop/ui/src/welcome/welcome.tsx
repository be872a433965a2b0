import "../settings/form.css";
import "./welcome.css";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { GameFolder } from "../settings/folder-row.tsx";
import { LanguageSelect } from "../settings/language-row.tsx";
import { MAX_NAME } from "../settings/name-row.tsx";
import { Refused } from "../settings/refused.tsx";
import { useChange } from "../settings/use-change.ts";
import { People } from "./people.tsx";
import { type Step, stepsOf } from "./steps.ts";

/** The first steps with the app. What is chosen is kept at each of them; the last one, and Skip, end it for good. */
export function Welcome() {
  const { t } = useTexts();
  const [steps] = useState(stepsOf(usePageState((state) => state.snapshot?.setup.fixed) ?? []));
  const [at, setAt] = useState(0);
  const step = steps[at] ?? "people";
  const languageId = useId();
  const { change, isBusy, refused } = useChange();
  const end = (): void => void change({ welcomed: true });
  const isLast = at === steps.length - 1;
  const shell = {
    step,
    refused,
    isBusy,
    onBack: at === 0 ? null : () => setAt(at - 1),
    onSkip: isLast ? null : end,
  };
  return (
    <main className="welcome form">
      <header>
        <p className="brand">{t("welcome.title")}</p>
        <label htmlFor={languageId} className="only-read">
          {t("settings.language")}
        </label>
        <LanguageSelect id={languageId} />
      </header>
      <ol className="steps" aria-label={t("welcome.steps")}>
        {steps.map((one, index) => (
          <li key={one} aria-current={one === step ? "step" : undefined} className={index < at ? "done" : ""}>
            {t(`welcome.step-${one}`)}
          </li>
        ))}
      </ol>
      {step === "name" ? (
        <NameStep {...shell} change={change} onNext={() => setAt(at + 1)} />
      ) : (
        <StepFrame
          {...shell}
          next={isLast ? "welcome.done" : "welcome.next"}
          onNext={isLast ? end : () => setAt(at + 1)}
        >
          {step === "folder" ? <GameFolder labelId="welcome-heading" /> : <People />}
        </StepFrame>
      )}
    </main>
  );
}

interface ShellProps {
  readonly step: Step;
  readonly refused: ReturnType<typeof useChange>["refused"];
  readonly isBusy: boolean;
  /** Null where there is nothing before. */
  readonly onBack: (() => void) | null;
  readonly onSkip: (() => void) | null;
  readonly onNext: () => void;
}

interface StepFrameProps extends ShellProps {
  readonly next: "welcome.next" | "welcome.done";
  readonly canGoOn?: boolean;
  readonly children: ReactNode;
}

/** One step: Enter goes on, wherever one is. */
function StepFrame({
  step,
  refused,
  isBusy,
  onBack,
  onSkip,
  onNext,
  next,
  canGoOn = true,
  children,
}: StepFrameProps) {
  const { t } = useTexts();
  const go = useRef<HTMLButtonElement>(null);
  // A field takes the focus itself.
  useEffect(() => {
    if (step !== "name") go.current?.focus();
  }, [step]);
  return (
    <form
      aria-labelledby="welcome-heading"
      onSubmit={(event) => {
        event.preventDefault();
        if (canGoOn && !isBusy) onNext();
      }}
    >
      <h1 id="welcome-heading">{t(`welcome.${step}`)}</h1>
      <p className="hint">{t(`welcome.${step}-hint`)}</p>
      {children}
      <Refused reason={refused} />
      <div className="welcome-end">
        {onSkip !== null && (
          <button type="button" className="skip" disabled={isBusy} onClick={onSkip}>
            {t("welcome.skip")}
          </button>
        )}
        {onBack !== null && (
          <button type="button" disabled={isBusy} onClick={onBack}>
            {t("welcome.back")}
          </button>
        )}
        <button ref={go} type="submit" className="primary" disabled={!canGoOn || isBusy}>
          {t(isBusy ? "settings.saving" : next)}
        </button>
      </div>
    </form>
  );
}

interface NameStepProps extends ShellProps {
  readonly change: ReturnType<typeof useChange>["change"];
}

function NameStep({ change, onNext, ...shell }: NameStepProps) {
  const { t } = useTexts();
  const id = useId();
  const saved = usePageState((state) => state.snapshot?.status.name ?? "");
  const [draft, setDraft] = useState<string | null>(null);
  const name = (draft ?? saved).trim();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const goOn = async (): Promise<void> => {
    if (name === saved || (await change({ playerName: name }))) onNext();
  };
  return (
    <StepFrame {...shell} next="welcome.next" canGoOn={name !== ""} onNext={() => void goOn()}>
      <label htmlFor={id} className="only-read">
        {t("settings.name")}
      </label>
      <input
        ref={field}
        id={id}
        type="text"
        autoComplete="off"
        spellCheck={false}
        maxLength={MAX_NAME}
        value={draft ?? saved}
        onChange={({ target }) => setDraft(target.value)}
      />
    </StepFrame>
  );
}
