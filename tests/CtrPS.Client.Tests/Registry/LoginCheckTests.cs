using System.Net;
using System.Text;

namespace CtrPS.Client.Tests.Registry;

/// <summary>A login is proved before it is kept: at a registry of the test's own.</summary>
public sealed class LoginCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctrps-login-").FullName;
    private readonly HttpListener _listener;
    private readonly List<string> _asked = [];
    private readonly int _port;

    public LoginCheckTests()
    {
        for (int attempt = 0; ; attempt++)
        {
            _port = Random.Shared.Next(20_000, 60_000);
            _listener = new HttpListener();
            _listener.Prefixes.Add($"http://127.0.0.1:{_port}/");
            try
            {
                _listener.Start();
                return;
            }
            catch (HttpListenerException) when (attempt < 20)
            {
                // Another one has the port. A listener that could not start has closed itself.
            }
        }
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Registry => $"127.0.0.1:{_port}";

    public void Dispose()
    {
        _listener.Close(); // So do tests that end it earlier: after Stop it would open its port once more, which another may have by then.
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("none", "me", null)]
    [InlineData("basic", "me", null)]
    [InlineData("basic", "other", "asks for a login")]
    [InlineData("bearer", "me", null)]
    [InlineData("bearer", "other", "asks for a login")]
    [InlineData("elsewhere", "me", "'10.255.255.1', which is another host")]
    [InlineData("no token", "me", "holds no token")]
    [InlineData("digest", "me", "asks for a login")]
    [InlineData("redirect", "me", "answered 302")]
    public async Task A_registry_says_whether_it_takes_the_login(string kind, string user, string? fault)
    {
        Task serving = ServeAsync(kind);
        Task check = Connector.LoginCheck.CheckAsync(
            Registry, new NetworkCredential(user, "geheim"), new CtrRegistryOptions { HostsFolders = [_folder], PlainHttp = true }, Stop);
        if (fault is null)
        {
            await check;
        }
        else
        {
            CtrException told = await Assert.ThrowsAsync<CtrException>(() => check);
            Assert.Equal((CtrErrorIds.LoginFailed, Registry), (told.ErrorId, told.Target));
            Assert.Contains(fault, told.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("geheim", told.ToString(), StringComparison.Ordinal);
        }

        Assert.StartsWith("/v2/", _asked[0], StringComparison.Ordinal);
        Assert.EndsWith(" ", _asked[0], StringComparison.Ordinal); // nothing is sent before it is asked for
        _listener.Close();
        await serving;
    }

    [Fact]
    public async Task A_registry_that_nobody_serves_is_told()
    {
        _listener.Close();
        CtrException told = await Assert.ThrowsAsync<CtrException>(() => Connector.LoginCheck.CheckAsync(
            Registry, new NetworkCredential("me", "geheim"), new CtrRegistryOptions { HostsFolders = [_folder], PlainHttp = true }, Stop));
        Assert.Equal((CtrErrorIds.LoginFailed, CtrStatus.Unavailable), (told.ErrorId, told.Status));
        Assert.Contains("Test-CtrRegistry", told.RecommendedAction, StringComparison.Ordinal);
    }

    private async Task ServeAsync(string kind)
    {
        string right = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:geheim"));
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                string login = context.Request.Headers["Authorization"] ?? "";
                _asked.Add($"{context.Request.Url!.PathAndQuery} {login}");
                bool isToken = context.Request.Url.AbsolutePath == "/token";
                (int status, string challenge, string body) = kind switch
                {
                    "none" => (200, "", ""),
                    "redirect" => (302, "", ""),
                    "basic" => (login == right ? 200 : 401, "Basic realm=\"x\"", ""),
                    "digest" => (401, "Digest realm=\"x\"", ""),
                    "elsewhere" => (401, "Bearer realm=\"http://10.255.255.1/token\",service=\"x\"", ""),
                    "no token" when isToken => (200, "", "{\"geheim\":1}"),
                    _ when isToken => (login == right ? 200 : 401, "", "{\"access_token\":\"t\"}"),
                    _ => (login == "Bearer t" ? 200 : 401, $"Bearer realm=\"http://{Registry}/token\",service=\"x\"", ""),
                };
                context.Response.StatusCode = status;
                if (challenge.Length > 0)
                {
                    context.Response.Headers.Add("WWW-Authenticate", challenge);
                }

                context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: false);
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException || (e is InvalidOperationException && !_listener.IsListening))
        {
            // The test is over: while it waited for a request, or before it did again.
        }
    }
}
