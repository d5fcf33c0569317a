export default function Page() {
  return <p>eric-sse</p>;
}
