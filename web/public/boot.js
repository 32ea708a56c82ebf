// Sets language and theme before the first paint, so that nothing flashes. Kept in step with
// shared/i18n/index.svelte.ts and shared/theme.svelte.ts, which take over afterwards.
(function () {
  var query = new URLSearchParams(location.search);
  var kept = function (key) {
    try {
      return localStorage.getItem(key);
    } catch (refused) {
      return null;
    }
  };
  var lang = query.get('lang') || kept('dosi.lang') || (navigator.language || 'ko').slice(0, 2);
  document.documentElement.lang = lang === 'ko' ? 'ko' : 'en';
  var theme = query.get('theme') || kept('dosi.theme') || 'auto';
  if (theme !== 'light' && theme !== 'dark') {
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.dataset.theme = theme;
})();
