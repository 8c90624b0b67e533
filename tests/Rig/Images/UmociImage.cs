using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig.Images;

/// <summary>An image that umoci builds layer by layer in a temporary folder and skopeo writes as an archive.</summary>
internal sealed class UmociImage : IAsyncDisposable
{
    private const string Tag = "image";

    private readonly RigFolder _work;
    private readonly string _umoci;

    private UmociImage(RigFolder work, string umoci)
    {
        _work = work;
        _umoci = umoci;
    }

    private string Layout => Path.Combine(_work.Path, "layout");

    private string Bundle => Path.Combine(_work.Path, "bundle");

    /// <summary>The root file system to fill; <see cref="AddLayerAsync"/> makes a layer of what changed.</summary>
    public string Rootfs => Path.Combine(Bundle, "rootfs");

    /// <summary>A folder for other files of the work, removed with it.</summary>
    public string Folder => _work.Path;

    public static async Task<UmociImage> NewAsync(CancellationToken cancellationToken)
    {
        if (!Posix.IsRoot)
        {
            throw new RigUnavailableException("building an image needs root: its files have owners");
        }

        var umoci = Tools.Need("umoci");
        var image = new UmociImage(await RigFolder.CreateAsync(), umoci);
        try
        {
            await image.UmociAsync(["init", "--layout", image.Layout], cancellationToken);
            await image.UmociAsync(["new", "--image", $"{image.Layout}:{Tag}"], cancellationToken);
            await image.UmociAsync(["unpack", "--image", $"{image.Layout}:{Tag}", image.Bundle], cancellationToken);
            return image;
        }
        catch
        {
            await image.DisposeAsync();
            throw;
        }
    }

    public Task AddLayerAsync(string createdBy, CancellationToken cancellationToken) => UmociAsync(
        ["repack", "--refresh-bundle", "--history.created_by", createdBy, "--image", $"{Layout}:{Tag}", Bundle], cancellationToken);

    /// <summary>Adds a tar as it is.</summary>
    public Task AddTarAsync(string tar, string createdBy, CancellationToken cancellationToken) => UmociAsync(
        ["raw", "add-layer", "--history.created_by", createdBy, "--image", $"{Layout}:{Tag}", tar], cancellationToken);

    public Task ConfigureAsync(IEnumerable<string> flags, CancellationToken cancellationToken) =>
        UmociAsync(["config", "--image", $"{Layout}:{Tag}", .. flags], cancellationToken);

    /// <summary>Writes an OCI archive.</summary>
    public async Task WriteAsync(string name, string path, CancellationToken cancellationToken) =>
        (await Command.RunAsync(
            Tools.Need("skopeo"),
            ["--insecure-policy", "--tmpdir", Folder, "copy", "--quiet", $"oci:{Layout}:{Tag}", $"oci-archive:{path}:{name}"],
            cancellationToken: cancellationToken)).Check();

    public ValueTask DisposeAsync() => _work.DisposeAsync();

    private async Task UmociAsync(IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        (await Command.RunAsync(_umoci, arguments, cancellationToken: cancellationToken)).Check();
}
