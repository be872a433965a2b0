import { signOf } from "./sign-of.ts";

/** Somebody's sign: a colour and letters, the same wherever they are shown. The name stands beside it. */
export function Avatar({ id, name }: { readonly id: string; readonly name: string }) {
  const { hue, initials } = signOf(id, name);
  return (
    <svg className="avatar" viewBox="0 0 40 40" aria-hidden="true">
      <circle cx="20" cy="20" r="20" fill={`hsl(${hue} 45% 34%)`} />
      <text x="20" y="26" textAnchor="middle" fontSize="16" fontWeight="700" fill="#fff">
        {initials}
      </text>
    </svg>
  );
}
