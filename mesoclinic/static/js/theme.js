// Sets light or dark before the first paint. The choice is a cookie; "system" follows the device.
(function () {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    const choice = root.dataset.theme || "system";
    root.dataset.bsTheme = choice === "dark" || (choice === "system" && dark.matches) ? "dark" : "light";
  }
  apply();
  dark.addEventListener("change", apply);
  window.mesoclinicTheme = function (choice) {
    root.dataset.theme = choice;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    apply();
  };
})();
