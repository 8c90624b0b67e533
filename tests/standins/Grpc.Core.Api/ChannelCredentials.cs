namespace Grpc.Core;

/// <summary>
/// Credentials of a channel: none or TLS, and call credentials with it. A transport learns their kind by handing over a configurator.
/// </summary>
public abstract class ChannelCredentials
{
    /// <summary>Plain HTTP/2.</summary>
    public static ChannelCredentials Insecure { get; } = new InsecureCredentials();

    /// <summary>TLS with the platform's roots.</summary>
    public static ChannelCredentials SecureSsl { get; } = new SslCredentials();

    /// <summary>Call credentials on every call of the channel. The transport refuses them over plain HTTP/2 unless told otherwise.</summary>
    public static ChannelCredentials Create(ChannelCredentials channelCredentials, CallCredentials callCredentials)
    {
        ArgumentNullException.ThrowIfNull(channelCredentials);
        ArgumentNullException.ThrowIfNull(callCredentials);
        return new Composite(channelCredentials, callCredentials);
    }

    public abstract void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object state);

    private sealed class InsecureCredentials : ChannelCredentials
    {
        public override void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object state) =>
            configurator.SetInsecureCredentials(state);
    }

    private sealed class Composite(ChannelCredentials channelCredentials, CallCredentials callCredentials) : ChannelCredentials
    {
        public override void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object state) =>
            configurator.SetCompositeCredentials(state, channelCredentials, callCredentials);
    }
}

/// <summary>TLS with the platform's roots. Own roots and client certificates belong to the HTTP handler in .NET.</summary>
public sealed class SslCredentials : ChannelCredentials
{
    public override void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object state) =>
        configurator.SetSslCredentials(state, null, null, null);
}

/// <summary>How a transport is told the kind of channel credentials.</summary>
public abstract class ChannelCredentialsConfiguratorBase
{
    public abstract void SetInsecureCredentials(object state);

    public abstract void SetSslCredentials(
        object state, string? rootCertificates, KeyCertificatePair? keyCertificatePair, VerifyPeerCallback? verifyPeerCallback);

    public abstract void SetCompositeCredentials(object state, ChannelCredentials channelCredentials, CallCredentials callCredentials);
}

/// <summary>Part of the signature of <see cref="ChannelCredentialsConfiguratorBase"/>; always null here.</summary>
public sealed class KeyCertificatePair
{
    private KeyCertificatePair()
    {
    }
}

/// <summary>Part of the signature of <see cref="ChannelCredentialsConfiguratorBase"/>; always null here.</summary>
public delegate bool VerifyPeerCallback(VerifyPeerContext context);

/// <summary>Part of the signature of <see cref="VerifyPeerCallback"/>.</summary>
public class VerifyPeerContext
{
    private VerifyPeerContext()
    {
    }
}
